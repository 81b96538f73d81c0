import { EARLIEST, parseCursor } from "../journal/cursor.ts";
import type { Dispatcher } from "../live/dispatcher.ts";
import { EarlyUpdates } from "../live/early-updates.ts";
import type { Gap, GapReason } from "../update/frame.ts";
import type { Journal } from "../journal/journal.ts";
import type { LocalOrder } from "../journal/local-order.ts";
import type { Selection } from "../matching/selection.ts";

/** Start of a subscription. */
export interface Start {
  /** The journal's epoch, for which the start is valid. */
  readonly epoch: string;
  /** Everything after this offset is sent. */
  readonly after: number;
  /** Set if updates may be missing. Told in-band. */
  readonly gap: Gap | undefined;
  /**
   * The value of the `Mercure-Last-Event-ID` response field, or undefined if no cursor was sent.
   */
  readonly lastEventId: string | undefined;
  /**
   * Updates sent before the updates after `after`: a snapshot, or the updates that another process
   * would have sent by now.
   */
  readonly early?: EarlyUpdates | undefined;
}

/**
 * Finds where to resume from. An id that is not held is a gap, and everything held follows it: "the
 * event preceding the first event sent" is then `earliest`.
 *
 * @param lastEventId - Any text from a peer. Undefined starts at the tail.
 * @returns A promise only if the journal has to be asked.
 * @see Mercure, "Reconnection, State Reconciliation, and Event Sourcing".
 */
export function resolveStart(
  journal: Journal,
  dispatcher: Dispatcher,
  lastEventId: string | undefined,
  { topics }: Selection,
): Start | Promise<Start> {
  const { epoch } = dispatcher;
  if (lastEventId === undefined) return { epoch, after: dispatcher.position, gap: undefined, lastEventId: undefined };
  if (journal.localOrder !== undefined) return resolveInLocalOrder(journal, journal.localOrder, dispatcher, lastEventId, topics);
  const beforeOldest = journal.head() - 1;
  if (lastEventId === EARLIEST) return { epoch, after: beforeOldest, gap: undefined, lastEventId: EARLIEST };
  const afterGap = (reason: GapReason): Start => ({
    epoch,
    after: journal.head() - 1,
    gap: { requested: lastEventId, first: firstHeld(journal, dispatcher), reason },
    lastEventId: EARLIEST,
  });
  const startAfter = (offset: number): Start => {
    // The updates that followed this offset before the restore may be lost.
    const isRestored = offset <= (journal.restoredUpTo ?? 0);
    const gap: Gap = { requested: lastEventId, first: firstHeld(journal, dispatcher, offset + 1), reason: "epoch" };
    return { epoch, after: offset, gap: isRestored ? gap : undefined, lastEventId };
  };
  const id = dispatcher.ids.open(lastEventId);
  const position = parseCursor(id);
  if (position === undefined) {
    // Of several updates with one id, the earliest counts for every reader. A cursor is a place,
    // and rights apply to the updates after it.
    return journal.find(id).then(([offset]) => (offset === undefined ? afterGap("unknown") : startAfter(offset)));
  }
  if (position.epoch !== epoch) return afterGap("epoch");
  if (position.offset < beforeOldest) return afterGap("trimmed");
  const start: Start = { epoch, after: position.offset, gap: undefined, lastEventId };
  if (position.offset <= journal.tail()) return start;
  // The offset may be of an update that another process has had before this process. A journal with
  // a remote engine asks the engine.
  return journal
    .read(position.offset, { maxRecords: 1, maxBytes: 1 })
    .then(() => (position.offset <= journal.tail() ? start : afterGap("unknown")));
}

/** Resolves the same in a journal of several partitions. */
async function resolveInLocalOrder(
  journal: Journal,
  localOrder: LocalOrder,
  dispatcher: Dispatcher,
  lastEventId: string,
  topics: readonly string[] | undefined,
): Promise<Start> {
  const { epoch } = dispatcher;
  const afterGap = (after: number, reason: GapReason, told: string): Start => {
    const first = after < journal.tail() ? dispatcher.ids.cursorAt(after + 1) : null;
    return { epoch, after, gap: { requested: lastEventId, first, reason }, lastEventId: told };
  };
  if (lastEventId === EARLIEST) return { epoch, after: await localOrder.earliest(topics), gap: undefined, lastEventId };
  const id = dispatcher.ids.open(lastEventId);
  const found = await localOrder.resume(id, topics);
  if (found?.kind === "gap") return afterGap(await localOrder.earliest(topics), found.reason, EARLIEST);
  if (found === undefined) {
    const [offset] = await journal.find(id);
    if (offset !== undefined) {
      if (localOrder.isAlone(offset, topics)) return { epoch, after: offset, gap: undefined, lastEventId };
      // The id does not tell which earlier updates of other partitions the reader had.
      return afterGap(offset, "unknown", lastEventId);
    }
    return afterGap(await localOrder.earliest(topics), "unknown", EARLIEST);
  }
  const { after, missed } = found;
  const early = EarlyUpdates.missed(missed);
  const ids = early.next();
  if (ids === undefined) return afterGap(await localOrder.earliest(topics), "trimmed", EARLIEST);
  return { epoch, after, gap: undefined, lastEventId, early: ids.size === 0 ? undefined : early };
}

/** The cursor of the oldest record held, or of the first after a gap. Null if there is none. */
export function firstHeld(journal: Journal, dispatcher: Dispatcher, head: number = journal.head()): string | null {
  return head <= journal.tail() ? dispatcher.ids.cursorAt(head) : null;
}
