/** How long an acknowledged number may stay away from a live stream before it counts as lost, in milliseconds. */
export const OVERDUE_MS = 10_000;

/** The way of a number. */
type Fate = "waiting" | "live" | "replayed" | "lost";

interface Entry {
  acknowledgedMs: number | undefined;
  arrivals: number;
  wasReplayed: boolean;
}

/** The present counts. */
export interface Counts {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly repeated: number;
  /** The newest numbers, oldest first. */
  readonly newest: readonly { readonly number: number; readonly fate: Fate; readonly isRepeated: boolean }[];
}

/**
 * Counts numbers that a page sends, by the arrivals on its stream. The journal keeps the order of
 * sending, so a number that is passed over is lost. So is an acknowledged number that
 * a live stream has not brought for long.
 */
export class Tally {
  readonly #entries: Entry[] = [];
  #highest = 0;
  #repeated = 0;
  #openedMs: number | undefined;

  /** Takes the next number, from 1. */
  send(): number {
    return this.#entries.push({ acknowledgedMs: undefined, arrivals: 0, wasReplayed: false });
  }

  /** The server acknowledged a number. Times are of `performance.now()`. */
  acknowledge(number: number, nowMs: number): void {
    const entry = this.#entries[number - 1];
    if (entry !== undefined) entry.acknowledgedMs = nowMs;
  }

  /** The stream opened at that time, or is closed (undefined). */
  setOpened(openedMs: number | undefined): void {
    this.#openedMs = openedMs;
  }

  /** A number came on the stream. */
  receive(number: number): void {
    const entry = this.#entries[number - 1];
    if (entry === undefined) return;
    entry.arrivals++;
    if (entry.arrivals > 1) {
      this.#repeated++;
      return;
    }
    // Acknowledged before the stream was opened: the update is from the past.
    entry.wasReplayed = entry.acknowledgedMs !== undefined && this.#openedMs !== undefined && entry.acknowledgedMs < this.#openedMs;
    this.#highest = Math.max(this.#highest, number);
  }

  /** How many first arrivals were replays. */
  get replayed(): number {
    return this.#entries.filter(({ wasReplayed }) => wasReplayed).length;
  }

  /** Whether each number has arrived. */
  get isComplete(): boolean {
    return this.#entries.every(({ arrivals }) => arrivals > 0);
  }

  /** @param most - Most numbers in `newest`. */
  counts(nowMs: number, most: number): Counts {
    const fates = this.#entries.map((entry, index) => this.#fateOf(entry, index + 1, nowMs));
    const first = Math.max(0, fates.length - most);
    return {
      sent: fates.length,
      received: this.#entries.filter(({ arrivals }) => arrivals > 0).length,
      lost: fates.filter((fate) => fate === "lost").length,
      repeated: this.#repeated,
      newest: fates.slice(first).map((fate, index) => ({
        number: first + index + 1,
        fate,
        isRepeated: (this.#entries[first + index]?.arrivals ?? 0) > 1,
      })),
    };
  }

  #fateOf({ acknowledgedMs, arrivals, wasReplayed }: Entry, number: number, nowMs: number): Fate {
    if (arrivals > 0) return wasReplayed ? "replayed" : "live";
    if (number < this.#highest) return "lost";
    const since = acknowledgedMs === undefined || this.#openedMs === undefined ? Infinity : Math.max(acknowledgedMs, this.#openedMs);
    return nowMs - since > OVERDUE_MS ? "lost" : "waiting";
  }
}
