import { formatCursor } from "../journal/cursor.ts";
import type { Dispatcher } from "../live/dispatcher.ts";
import type { Gap } from "../update/frame.ts";
import { isExpired, type Journal } from "../journal/journal.ts";
import type { Matcher } from "../matching/matcher.ts";
import { checkNames, namesOf } from "../names.ts";
import { type Found, nextStep, type Replayer } from "./replay.ts";
import { andThen, nextTurn } from "../scheduler.ts";
import type { Selection } from "../matching/selection.ts";
import { firstHeld, type Start } from "./start.ts";
import { pick, type ReplayPage, readPageFor, type ReplayRecord } from "./read-page.ts";
import type { Turns } from "../turns.ts";

/** Options of a reader within the process. */
export interface SubscribeOptions {
  /** Topics, exactly as published. Without a matcher of either kind: every topic. */
  readonly match?: string | readonly string[] | undefined;
  /** URL patterns that select topics. */
  readonly matchUrlPattern?: string | readonly string[] | undefined;
  /** Resume after this event id. `earliest` for everything held. Default: only new updates. */
  readonly lastEventId?: string | undefined;
  /** Whether to receive private updates too. Default: false. */
  readonly includePrivate?: boolean | undefined;
  /** Called once, when everything held at the time has been yielded. */
  readonly onLive?: (() => void) | undefined;
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
}

/** An update as a reader receives it. */
export interface ReceivedUpdate {
  /** The event id, which resumes after this update. Undefined for a gap. */
  readonly id: string | undefined;
  readonly topics: readonly string[];
  readonly data: string;
  /** The event type. `hub:gap` if updates are missing, with a {@link Gap} as JSON in `data`. */
  readonly type: string | undefined;
  readonly private: boolean;
}

/** Parts of the hub that the iteration needs. */
export interface ReaderContext {
  readonly dispatcher: Dispatcher;
  readonly journal: Journal;
  readonly turns: Turns;
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
 * Replays the journal for one reader. The start is settled at the call, not at the first read.
 *
 * @throws TypeError for an unknown option. Without its matchers, a reader would get every topic.
 */
export function iterate(options: SubscribeOptions, context: ReaderContext): AsyncIterableIterator<ReceivedUpdate> {
  if (typeof options !== "object" || options === null)
    throw new TypeError('The options of subscribe() are an object: { match: "greeting" }.');
  checkNames(options, OPTIONS, "subscribe()");
  const selection = context.select(toMatchers(options), options.includePrivate === true ? [ALL] : []);
  const starting = context.start(options.lastEventId, selection);
  // A failure is thrown at the first read. Until then the rejection must not count as unhandled.
  if (starting instanceof Promise) starting.catch(() => undefined);
  return updatesUntilEnd(selection, options, context, starting);
}

async function* updatesUntilEnd(
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

/** Replays, and follows the tail. */
async function* updates(
  selection: Selection,
  whenLive: (() => void) | undefined,
  context: ReaderContext,
  starting: Start | Promise<Start>,
  isEnded: () => boolean,
): AsyncGenerator<ReceivedUpdate, undefined> {
  const { dispatcher, journal, turns } = context;
  const start = await starting;
  if (start.gap !== undefined) yield gapUpdate(start.gap);
  const reader: Replayer = { selection, cursor: start.after, early: start.early };
  const find = (): Found<RecordPage> | Promise<Found<RecordPage>> => {
    return andThen(readPageFor(selection, dispatcher, journal, reader.cursor), pickIn);
  };
  const pickIn = (read: ReplayPage): Found<RecordPage> | Promise<Found<RecordPage>> => {
    if (read.kind === "trimmed") return read;
    const toFound = (entries: readonly ReplayRecord[]): Found<RecordPage> => ({ kind: "page", page: { entries, upTo: read.upTo } });
    return andThen(turns.run(pick(read.entries, selection, journal.clockToleranceMs)), toFound);
  };
  let { epoch } = start;
  const replayUntil = journal.tail();
  let onLive = whenLive;
  while (!isEnded()) {
    if (onLive !== undefined && reader.early === undefined && reader.cursor >= replayUntil) {
      onLive();
      onLive = undefined;
      continue;
    }
    if (epoch !== dispatcher.epoch) {
      const requested = dispatcher.ids.seal(formatCursor({ epoch, offset: reader.cursor }));
      ({ epoch } = dispatcher);
      reader.early = undefined;
      reader.cursor = journal.head() - 1;
      yield gapUpdate({ requested, first: firstHeld(journal, dispatcher), reason: "epoch" });
      continue;
    }
    const next = nextStep(reader, find, context);
    const step = next instanceof Promise ? await next : next;
    if (epoch !== dispatcher.epoch) continue;
    if (step.kind === "live") await dispatcher.moved();
    else if (step.kind === "gap") {
      reader.cursor = step.cursor;
      yield gapUpdate(step.gap);
    } else if (step.kind === "early" || step.kind === "page") {
      const { entries, upTo } = step.kind === "early" ? step : step.page;
      // Most pages come without a turn of the event loop. Others must have theirs.
      if (entries.length >= dispatcher.page.maxRecords) await nextTurn();
      for (const [i, entry] of entries.entries()) {
        if (isEnded()) return;
        if (epoch !== dispatcher.epoch) break;
        const { offset } = entry.record;
        if (step.kind === "early") reader.early?.pass(offset);
        else reader.cursor = offset;
        // The update may have expired while the reader was busy with earlier updates.
        if (entry.isGap !== true && isExpired(entry.record, Date.now(), journal.clockToleranceMs)) continue;
        yield toUpdate(entry, entries[i + 1]?.record.offset === offset, dispatcher);
      }
      if (epoch !== dispatcher.epoch) continue;
      if (step.kind === "early") reader.early?.pass(upTo);
      else reader.cursor = upTo;
    }
  }
}

/** Records that the selection picks. */
interface RecordPage {
  readonly entries: readonly ReplayRecord[];
  readonly upTo: number;
}

/** @param isFollowed - Whether the reader gets another update with the same offset afterwards. */
function toUpdate({ record, cursor, isGap }: ReplayRecord, isFollowed: boolean, dispatcher: Dispatcher): ReceivedUpdate {
  const { offset, topics, data, type, private: isPrivate } = record;
  if (isGap === true) {
    return gapUpdate({
      requested: dispatcher.ids.cursorAt(offset - 1),
      first: cursor ?? dispatcher.ids.cursorAt(offset),
      reason: "trimmed",
    });
  }
  const id = cursor ?? (isFollowed ? dispatcher.ids.cursorAt(offset - 1) : dispatcher.ids.of(record));
  return { id, topics, data, type, private: isPrivate };
}
