import type { Dispatcher } from "../live/dispatcher.ts";
import { parseCursor } from "../journal/cursor.ts";
import { isExpired, type Journal, type JournalRecord } from "../journal/journal.ts";
import { nextTurn } from "../scheduler.ts";
import { NOTE_TYPE } from "../update/update.ts";

/** An update of the journal for an operator: everything but its data, which may be private. */
export interface ListedUpdate {
  readonly id: string;
  /** Event id after which a stream begins with this update. */
  readonly after: string;
  readonly topics: readonly string[];
  readonly type: string | undefined;
  readonly private: boolean;
  /** Characters of the update's data. */
  readonly size: number;
  /** Time of the append, in milliseconds since 1970. */
  readonly at: number;
  readonly ttlMs: number | undefined;
  readonly isExpired: boolean;
}

/** Query for updates. */
export interface ListQuery {
  /** Event id of the first update of the list. Default: the newest. */
  readonly from?: string | undefined;
  /** Only updates with a topic that contains this text, in any case. */
  readonly topic?: string | undefined;
  /** Only updates of this type. `message` includes updates without a type. */
  readonly type?: string | undefined;
  /** A topic whose updates are left out. */
  readonly without?: string | undefined;
}

/** Updates from the newest to the oldest. */
export interface UpdateList {
  readonly updates: readonly ListedUpdate[];
  /** Value of `from` for older updates. Undefined if the journal holds none. */
  readonly next: string | undefined;
}

/** Most updates of a list. */
const LISTED = 50;
/** Most records that a list examines. */
const EXAMINED = 5000;
const LEAST_READ = 64;
const MOST_READ = 512;
const READ_BYTES = 4 * 1024 * 1024;

/**
 * Lists updates against the order of the journal, a bounded page at a time.
 *
 * @returns Undefined if the journal does not hold the update to begin with.
 */
export async function listUpdates(
  query: ListQuery,
  { journal, dispatcher }: { journal: Journal; dispatcher: Dispatcher },
): Promise<UpdateList | undefined> {
  const { from } = query;
  const newest = from === undefined ? journal.tail() : await offsetOf(from, journal, dispatcher);
  if (newest === undefined || newest < journal.head() || newest > journal.tail()) return from === undefined ? EMPTY : undefined;
  const fits = filterOf(query);
  const updates: ListedUpdate[] = [];
  let offset = newest;
  for (let examined = 0; examined < EXAMINED && offset >= journal.head();) {
    const first = offset;
    const records = await readBack(journal, offset, fits.isNarrow ? MOST_READ : LEAST_READ);
    for (const record of records.toReversed()) {
      offset = record.offset - 1;
      examined++;
      if (!fits(record)) continue;
      updates.push(describe(record, journal, dispatcher));
      if (updates.length === LISTED) return { updates, next: nextOf(offset, journal, dispatcher) };
    }
    // The records were trimmed meanwhile.
    if (offset === first) break;
    await nextTurn();
  }
  return { updates, next: nextOf(offset, journal, dispatcher) };
}

const EMPTY: UpdateList = { updates: [], next: undefined };

/** Finds the offset that an event id stands for, the hub's own or a publisher's. */
async function offsetOf(eventId: string, journal: Journal, { ids, epoch }: Dispatcher): Promise<number | undefined> {
  const id = ids.open(eventId);
  const resumption = await journal.localOrder?.resume(id, undefined);
  if (resumption?.kind === "found") return resumption.after;
  const position = parseCursor(id);
  if (position === undefined) return (await journal.find(id)).at(-1);
  return position.epoch === epoch ? position.offset : undefined;
}

/** Reads up to `count` records that end at an offset, in order. */
async function readBack(journal: Journal, offset: number, count: number): Promise<readonly JournalRecord[]> {
  // Large records may fill a read before its end. Fewer records are read then.
  for (let span = count; ; span = Math.ceil(span / 4)) {
    const after = Math.max(offset - span, journal.head() - 1);
    const page = await journal.read(after, { maxRecords: offset - after, maxBytes: READ_BYTES });
    if (page.kind === "trimmed") {
      if (page.head > offset) return [];
      continue;
    }
    if (span === 1 || page.records.at(-1)?.offset === offset) return page.records.filter((record) => record.offset <= offset);
  }
}

function filterOf({ topic = "", type = "", without }: ListQuery): { (record: JournalRecord): boolean; readonly isNarrow: boolean } {
  const words = topic.toLowerCase();
  const fits = (record: JournalRecord): boolean => {
    // Notes are the hub's own, and reach no subscriber.
    if (record.type === NOTE_TYPE || record.topics[0] === without) return false;
    if (type !== "" && (record.type ?? "message") !== type) return false;
    return words === "" || record.topics.some((one) => one.toLowerCase().includes(words));
  };
  return Object.assign(fits, { isNarrow: words !== "" || type !== "" });
}

function describe(record: JournalRecord, journal: Journal, { ids }: Dispatcher): ListedUpdate {
  const { topics, type, data, at, ttlMs, offset } = record;
  return {
    id: ids.of(record),
    after: offset === 1 ? "earliest" : ids.cursorAt(offset - 1),
    topics,
    type,
    private: record.private,
    size: data.length,
    at,
    ttlMs,
    isExpired: isExpired(record, Date.now(), journal.clockToleranceMs),
  };
}

function nextOf(offset: number, journal: Journal, { ids }: Dispatcher): string | undefined {
  return offset < journal.head() ? undefined : ids.cursorAt(offset);
}
