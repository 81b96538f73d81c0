import type { Missed } from "../journal/places.ts";

/** Most updates that are looked for at a time. */
const STEP = 100;

/** Offsets, rising, each with the event id that stands in for the usual one; undefined for the usual one. */
type EventIds = ReadonlyMap<number, string | undefined>;

/**
 * The updates that a reader gets before those that follow its cursor, in order. They are looked for as they are sent, since there
 * may be many.
 */
export class EarlyUpdates {
  readonly #find: () => EventIds | undefined;
  #found = new Map<number, string | undefined>();

  private constructor(find: () => EventIds | undefined) {
    this.#find = find;
  }

  /** The updates of a snapshot. One that is no longer held is left out. @param offsets - Rising. */
  static at(offsets: readonly number[]): EarlyUpdates {
    let from = 0;
    return new EarlyUpdates(() => new Map(offsets.slice(from, (from += STEP)).map((offset) => [offset, undefined])));
  }

  /** The updates that a reader has missed. One that is no longer held is a gap. */
  static missed(missed: Missed): EarlyUpdates {
    return new EarlyUpdates(() => missed.next(STEP));
  }

  /** Offset of the next one; undefined at the end. */
  get first(): number | undefined {
    return this.next()?.keys().next().value;
  }

  /** @returns The next ones; none at the end. Undefined if some of the rest are no longer held: a gap. */
  next(): EventIds | undefined {
    if (this.#found.size > 0) return this.#found;
    const found = this.#find();
    if (found !== undefined) this.#found = new Map(found);
    return found;
  }

  /** The reader needs these no longer: all up to an offset. */
  pass(upTo: number): void {
    for (const offset of this.#found.keys()) {
      if (offset > upTo) return;
      this.#found.delete(offset);
    }
  }

  /** These are no longer held. */
  drop(offsets: Iterable<number>): void {
    for (const offset of offsets) this.#found.delete(offset);
  }
}
