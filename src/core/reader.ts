import { formatCursor } from "./cursor.ts";
import { expanded, isWanted, stepFor, type WalkedRecord } from "./step.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Gap } from "./frame.ts";
import type { Journal, JournalRecord } from "./journal.ts";
import type { Matcher } from "./matcher.ts";
import { checkNames, namesOf } from "./names.ts";
import { nextTurn } from "./scheduler.ts";
import type { Selection } from "./selection.ts";
import { firstHeld, MISSED_STEP, type Start } from "./start.ts";

/** What a reader within the process asks for. */
export interface SubscribeOptions {
  /** Topics, exactly as published. With no matcher of either kind: every topic. */
  readonly match?: string | readonly string[] | undefined;
  /** URL patterns that select topics. */
  readonly matchUrlPattern?: string | readonly string[] | undefined;
  /** Resume after this event id; `earliest` for everything held. Default: only what is published from now on. */
  readonly lastEventId?: string | undefined;
  /** Whether to receive private updates too. Default: false. */
  readonly includePrivate?: boolean | undefined;
  /** Called once, when everything that was held at the time has been yielded. */
  readonly onLive?: (() => void) | undefined;
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
}

/** An update as a reader receives it. */
export interface ReceivedUpdate {
  /** The event id, which resumes after this update; undefined for a gap. */
  readonly id: string | undefined;
  readonly topics: readonly string[];
  readonly data: string;
  /** The event type; `hub:gap` where updates are missing, with a {@link Gap} as JSON in `data`. */
  readonly type: string | undefined;
  readonly private: boolean;
}

/** What the iteration needs of the hub. */
export interface ReaderContext {
  readonly dispatcher: Dispatcher;
  readonly journal: Journal;
  readonly closed: AbortSignal;
  readonly select: (matchers: readonly Matcher[], grants: readonly Matcher[]) => Selection;
  readonly start: (lastEventId: string | undefined, selection: Selection) => Start | Promise<Start>;
}

const ALL: Matcher = { type: "exact", pattern: "*" };

function toList(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}

function toMatchers(options: SubscribeOptions): readonly Matcher[] {
  const matchers = [
    ...toList(options.match).map((pattern): Matcher => ({ type: "exact", pattern })),
    ...toList(options.matchUrlPattern).map((pattern): Matcher => ({ type: "urlpattern", pattern })),
  ];
  return matchers.length === 0 ? [ALL] : matchers;
}

function gapUpdate(gap: Gap): ReceivedUpdate {
  return { id: undefined, topics: [], data: JSON.stringify(gap), type: "hub:gap", private: false };
}

const OPTIONS: ReadonlySet<string> = namesOf<SubscribeOptions>({
  match: true,
  matchUrlPattern: true,
  lastEventId: true,
  includePrivate: true,
  onLive: true,
  signal: true,
});

/**
 * Walks the journal for one reader. Where it starts is settled at the call, not at the first read.
 *
 * @throws TypeError for an option that is not known: without its matchers, a reader would get every topic.
 */
export function iterate(options: SubscribeOptions, context: ReaderContext): AsyncIterableIterator<ReceivedUpdate> {
  if (typeof options !== "object" || options === null)
    throw new TypeError('The options of subscribe() are an object: { match: "greeting" }.');
  checkNames(options, OPTIONS, "subscribe()");
  const selection = context.select(toMatchers(options), options.includePrivate === true ? [ALL] : []);
  const starting = context.start(options.lastEventId, selection);
  // A failure is thrown at the first read; until then it is not unhandled.
  if (starting instanceof Promise) starting.catch(() => undefined);
  return walk(selection, options, context, starting);
}

async function* walk(
  selection: Selection,
  options: SubscribeOptions,
  context: ReaderContext,
  starting: Start | Promise<Start>,
): AsyncGenerator<ReceivedUpdate, undefined> {
  const { dispatcher } = context;
  const signals = options.signal === undefined ? [context.closed] : [context.closed, options.signal];
  const isEnded = (): boolean => signals.some((signal) => signal.aborted);
  for (const signal of signals) signal.addEventListener("abort", dispatcher.wake);
  try {
    yield* updates(selection, options.onLive, context, starting, isEnded);
  } finally {
    options.signal?.removeEventListener("abort", dispatcher.wake);
  }
}

async function* updates(
  selection: Selection,
  whenLive: (() => void) | undefined,
  { dispatcher, journal }: ReaderContext,
  starting: Start | Promise<Start>,
  isEnded: () => boolean,
): AsyncGenerator<ReceivedUpdate, undefined> {
  const { presence } = dispatcher;
  const isNote = (record: JournalRecord): boolean => selection.hearsPresence && presence?.isNote(record) === true;
  const start = await starting;
  if (start.gap !== undefined) yield gapUpdate(start.gap);
  const dropped = (): ReceivedUpdate =>
    gapUpdate({ requested: dispatcher.cursorAt(start.after), first: firstHeld(journal, dispatcher), reason: "trimmed" });
  for (let missed = start.ownIds; start.missed !== undefined && missed?.size !== 0; missed = start.missed.next(MISSED_STEP)) {
    if (missed === undefined) {
      yield dropped();
      break;
    }
    for (const [offset, id] of missed) {
      const page = await journal.read(offset - 1, { maxRecords: 1, maxBytes: 1 });
      // What comes next tells of a journal that was replaced.
      if (isEnded() || start.epoch !== dispatcher.epoch) break;
      const record = page.kind === "records" ? page.records[0] : undefined;
      if (record?.offset !== offset) yield dropped();
      else
        for (const entry of isNote(record) && presence !== undefined
          ? await expanded([{ record }], presence)
          : ([{ record }] as readonly WalkedRecord[])) {
          if (entry.isGap === true) yield dropped();
          else if (isWanted(entry, selection, Date.now(), journal.clockToleranceMs)) yield received(entry, dispatcher.sealed(id));
        }
    }
    if (isEnded() || start.epoch !== dispatcher.epoch) break;
  }
  let cursor = start.after;
  let { epoch } = start;
  const replayUntil = journal.tail();
  let onLive = whenLive;
  while (!isEnded()) {
    if (onLive !== undefined && cursor >= replayUntil) {
      onLive();
      onLive = undefined;
      continue;
    }
    if (epoch !== dispatcher.epoch) {
      const old = epoch;
      ({ epoch } = dispatcher);
      yield gapUpdate({
        requested: dispatcher.sealed(formatCursor({ epoch: old, offset: cursor })),
        first: firstHeld(journal, dispatcher),
        reason: "epoch",
      });
      cursor = journal.head() - 1;
      continue;
    }
    if (cursor >= dispatcher.position) {
      await dispatcher.moved();
      continue;
    }
    const found = await stepFor(selection, dispatcher, journal, cursor);
    if (epoch !== dispatcher.epoch) continue;
    if (found.kind === "trimmed") {
      yield gapUpdate({ requested: dispatcher.cursorAt(cursor), first: firstHeld(journal, dispatcher, found.head), reason: "trimmed" });
      cursor = found.head - 1;
      continue;
    }
    // Most pages come without a turn of the event loop; others must have theirs.
    if (found.entries.length >= dispatcher.page.maxRecords) await nextTurn();
    const isFor = (entry: WalkedRecord): boolean => isWanted(entry, selection, Date.now(), journal.clockToleranceMs);
    for (const [i, entry] of found.entries.entries()) {
      if (epoch !== dispatcher.epoch) break;
      const { offset } = entry.record;
      cursor = offset;
      if (!isFor(entry)) continue;
      if (entry.isGap === true)
        yield gapUpdate({ requested: dispatcher.cursorAt(offset - 1), first: dispatcher.cursorAt(offset), reason: "trimmed" });
      else yield received(entry, isFollowed(found.entries, i, isFor) ? dispatcher.cursorAt(offset - 1) : dispatcher.eventId(entry.record));
      if (isEnded()) return;
    }
    if (epoch === dispatcher.epoch) cursor = found.upTo;
  }
}

function received({ record: { topics, data, type, private: isPrivate } }: WalkedRecord, id: string): ReceivedUpdate {
  return { id, topics, data, type, private: isPrivate };
}

/** Whether another entry with the same offset follows that the reader gets. */
function isFollowed(entries: readonly WalkedRecord[], index: number, isFor: (entry: WalkedRecord) => boolean): boolean {
  const offset = entries[index]?.record.offset;
  for (let i = index + 1; entries[i]?.record.offset === offset; i++) if (isFor(entries[i] as WalkedRecord)) return true;
  return false;
}
