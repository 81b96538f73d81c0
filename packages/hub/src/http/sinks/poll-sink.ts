import type { Limits } from "../../core/limits.ts";
import type { Sink, Subscriber } from "../../core/live/subscriber.ts";
import { monotonicMs } from "../../core/scheduler.ts";
import type { Poll } from "../reply/reply.ts";
import type { ClosableServer } from "./closed-servers.ts";
import type { PolledBytes } from "./polled-bytes.ts";
import { type OwnEvent, readOwnEvents } from "./own-events.ts";

/**
 * Longest time that a replay without a match goes on after the wait, in milliseconds. The answer
 * then has the cursor that the replay has reached, so that the next poll goes on from there.
 */
const REPLAY_MS = 20_000;

/** An update in the answer, with the fields of its event. */
interface PolledUpdate {
  readonly id: string | undefined;
  readonly type: string | undefined;
  readonly topics: readonly string[];
  readonly data: string;
  readonly retry: number | undefined;
}

/** Connection and answer of a poll. */
export interface PollSinkOptions {
  readonly poll: Poll;
  readonly held: PolledBytes;
  readonly limits: Pick<Limits, "replayUpdates" | "replayBytes">;
  readonly address: string | undefined;
  readonly isOf: (server: ClosableServer) => boolean;
  /** Ends the subscription in order: the sink gets the cursor, then its end. */
  readonly finish: (subscriber: Subscriber) => void;
  /**
   * Sends the JSON of the answer. Called once, also if the client has left.
   *
   * @param isLast - Whether the hub or its server goes away.
   */
  readonly answer: (body: string, isLast: boolean) => void;
}

/**
 * Collects the events of a stream until the answer to a poll is complete. The subscription behind
 * it is an ordinary one, and ends with the answer.
 *
 * @see docs/decisions/long-polling.md
 */
export class PollSink implements Sink {
  readonly isBrief = true;
  readonly address: string | undefined;
  readonly isOf: (server: ClosableServer) => boolean;
  readonly #options: PollSinkOptions;
  readonly #updates: PolledUpdate[] = [];
  #size = 0;
  #cursor: string;
  #gap: unknown;
  #drain: unknown;
  /** Whether the subscription has everything up to the tail. */
  #isLive = false;
  /** Whether the poll may be answered without updates. */
  #isOver: boolean;
  /** Whether the interval is not over. Until then the sink is full. */
  #isHeld: boolean;
  readonly #heldUntilMs: number;
  /** Whether further events are for the next poll. */
  #isComplete = false;
  /** Whether the last update has an event id. If not, the next one has the id for both. */
  #hasPlace = true;
  #isFinishing = false;
  #isAnswered = false;
  #subscriber: Subscriber | undefined;
  #onClosed: (() => void) | undefined;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];

  constructor(options: PollSinkOptions) {
    this.#options = options;
    this.address = options.address;
    this.isOf = options.isOf;
    this.#cursor = options.poll.cursor;
    this.#isOver = options.poll.waitMs === 0;
    this.#isHeld = options.poll.holdMs > 0;
    this.#heldUntilMs = monotonicMs() + options.poll.holdMs;
  }

  /** Starts the times of the poll. Called in the same turn in which the subscription began. */
  bind(subscriber: Subscriber, onClosed: () => void): void {
    this.#subscriber = subscriber;
    this.#onClosed = onClosed;
    const { waitMs, holdMs } = this.#options.poll;
    this.#after(waitMs, () => {
      this.#isOver = true;
      this.#consider();
      this.#after(REPLAY_MS, () => this.#finish());
    });
    if (!this.#isHeld) return;
    this.#after(holdMs, () => {
      this.#isHeld = false;
      subscriber.drained();
    });
  }

  /**
   * Takes what belongs to the answer, and leaves the rest to the next poll. Full until the interval
   * is over, so that the updates of the interval are read at its end.
   */
  write(bytes: Uint8Array): boolean {
    if (this.#isComplete || this.#isAnswered) return true;
    for (const event of readOwnEvents(bytes)) {
      this.#take(event);
      if (this.#isComplete) break;
    }
    this.#consider();
    return !this.#isHeld;
  }

  live(): void {
    this.#isLive = true;
    this.#consider();
  }

  /** Milliseconds of the interval. They fall, as with a slow peer, or the poll would be cut. */
  pendingBytes(): number {
    return this.#isHeld ? Math.max(0, this.#heldUntilMs - monotonicMs()) : 0;
  }

  /** Answers with the collected updates. */
  end(): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#options.held.release(this.#size);
    // The cursor comes last, where a shell can find it.
    const answer = { gap: this.#gap, drain: this.#drain, updates: this.#updates, cursor: this.#cursor };
    this.#options.answer(`${JSON.stringify(answer)}\n`, this.#drain !== undefined);
    this.#subscriber?.close();
    this.#onClosed?.();
  }

  destroy(): void {
    this.end();
  }

  #after(delayMs: number, run: () => void): void {
    if (!this.#isAnswered) this.#timers.push(setTimeout(run, delayMs));
  }

  #take(event: OwnEvent): void {
    const { type, id, topics, data, retry, size } = event;
    switch (type) {
      case "hub:cursor":
        this.#cursor = id ?? this.#cursor;
        return;
      case "hub:gap":
        // A gap is told before the updates that follow it.
        if (this.#updates.length > 0) this.#isComplete = true;
        else this.#gap ??= JSON.parse(data);
        return;
      case "hub:drain":
        this.#drain = JSON.parse(data);
        return;
      case "hub:expiring":
        // The next poll brings a new token anyway.
        return;
      default:
    }
    const { replayUpdates, replayBytes } = this.#options.limits;
    const { length } = this.#updates;
    if (this.#hasPlace && length > 0 && (length >= replayUpdates || this.#size + size > replayBytes)) {
      this.#isComplete = true;
      return;
    }
    this.#updates.push({ id, type, topics, data, retry });
    this.#size += size;
    this.#hasPlace = id !== undefined;
    this.#cursor = id ?? this.#cursor;
    if (!this.#options.held.hold(size) && this.#hasPlace) this.#isComplete = true;
  }

  /** Ends the poll if its answer is complete. */
  #consider(): void {
    const hasNews = this.#updates.length > 0 || this.#gap !== undefined;
    if (this.#isComplete || (this.#isLive && (this.#isOver || hasNews))) this.#finish();
  }

  /** Not now: the caller may be in the middle of a delivery to many. */
  #finish(): void {
    if (this.#isFinishing) return;
    this.#isFinishing = true;
    queueMicrotask(() => {
      if (!this.#isAnswered && this.#subscriber !== undefined) this.#options.finish(this.#subscriber);
    });
  }
}
