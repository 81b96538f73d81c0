import type { Cohort } from "./cohort.ts";
import { monotonicMs } from "../scheduler.ts";
import { failureCode, type Span, type Tracing } from "../tracing.ts";

/**
 * Most appends that are remembered until their updates are dispatched. Past the bound the oldest is
 * forgotten, and no `dispatch` span links to its publish.
 */
export const MOST_REMEMBERED = 1024;
/**
 * Most `dispatch` spans that wait for appends under way. Past the bound the oldest ends without
 * further links.
 */
export const MOST_WAITING = 64;

/** Offsets, both inclusive. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Updates that this process appended, and the span of their publish. */
type Remembered = Range & { readonly publish: Span };

/** A batch that was given to sockets, and when, in milliseconds of the monotonic clock. */
type Dispatched = Range & { readonly span: Span; readonly endedAt: number };

/** One append under way. */
export interface AppendSpan {
  /** The updates have these offsets. */
  committed(offsets: readonly number[]): void;
  /** Ends the span. Further calls do nothing. */
  end(error?: unknown): void;
}

/**
 * Spans of appends and dispatches. Links each dispatch to the publishes of this process whose
 * updates it gave to sockets.
 *
 * A journal may give its followers an update before the append's own promise resolves. So the spans
 * of dispatches wait while appends are under way, and get their links then.
 */
export class DispatchSpans {
  readonly #tracing: Tracing;
  #remembered: Remembered[] = [];
  #waiting: Dispatched[] = [];
  #appends = 0;
  /** Offset up to which updates were dispatched. */
  #position = 0;

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  /** Number of appends that are remembered. */
  get remembered(): number {
    return this.#remembered.length;
  }

  /** Begins the span of an append, as a part of its publish. */
  append(publish: Span, updates: number): AppendSpan {
    const span = this.#tracing.begin("append", { kind: "internal", parent: publish });
    span.set({ updates });
    this.#appends++;
    let isOver = false;
    return {
      committed: (offsets) => this.#remember(offsets, publish),
      end: (error) => {
        if (isOver) return;
        isOver = true;
        span.end(error === undefined ? undefined : failureCode(error));
        if (--this.#appends === 0) this.#endWaiting(this.#waiting.length);
      },
    };
  }

  /**
   * Begins the span of a batch that is about to be given to sockets.
   *
   * @param range - Offsets of the batch.
   * @param updates - Number of its updates that any socket gets.
   * @returns Call it once the sockets have the batch.
   */
  dispatch(range: Range, updates: number, cohorts: readonly Cohort[]): () => void {
    const span = this.#tracing.begin("dispatch", { kind: "consumer", isRoot: true });
    span.set({ updates, sockets: cohorts.reduce((sum, { members }) => sum + members.length, 0) });
    for (const { from, to, publish } of this.#remembered) if (from <= range.to && to >= range.from) span.link(publish);
    return () => {
      this.#waiting.push({ ...range, span, endedAt: monotonicMs() });
      this.passed(range.to);
      if (this.#appends === 0) this.#endWaiting(this.#waiting.length);
      else if (this.#waiting.length > MOST_WAITING) this.#endWaiting(1);
    };
  }

  /** Forgets the updates up to an offset. They were dispatched, to nobody perhaps. */
  passed(offset: number): void {
    this.#position = offset;
    if (this.#remembered.length > 0) this.#remembered = this.#remembered.filter(({ to }) => to > offset);
  }

  /** Forgets everything, because the journal was replaced. */
  restart(position: number): void {
    this.#position = position;
    this.#remembered = [];
    this.#endWaiting(this.#waiting.length);
  }

  #remember(offsets: readonly number[], publish: Span): void {
    const from = offsets[0];
    const to = offsets.at(-1);
    if (from === undefined || to === undefined) return;
    for (const { span, ...range } of this.#waiting) if (from <= range.to && to >= range.from) span.link(publish);
    if (to <= this.#position) return;
    this.#remembered.push({ from, to, publish });
    if (this.#remembered.length > MOST_REMEMBERED) this.#remembered.shift();
  }

  #endWaiting(count: number): void {
    for (const { span, endedAt } of this.#waiting.splice(0, count)) span.end(undefined, endedAt);
  }
}
