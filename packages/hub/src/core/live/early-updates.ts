import type { Missed } from "../journal/local-order.ts";

/** Most updates looked for at a time. */
const STEP = 100;

/** Offsets, rising, each with its replacement event id. Undefined for the usual id. */
type EventIds = ReadonlyMap<number, string | undefined>;

/**
 * The updates that a reader gets before the updates after its cursor, in order. They may be many,
 * so they are looked up while they are sent.
 */
export class EarlyUpdates {
  readonly #find: () => EventIds | undefined;
  #found = new Map<number, string | undefined>();

  private constructor(find: () => EventIds | undefined) {
    this.#find = find;
  }

  /**
   * Makes the early updates of a snapshot. An update that is no longer held is left out. @param
   * offsets - Rising.
   */
  static at(offsets: readonly number[]): EarlyUpdates {
    let from = 0;
    return new EarlyUpdates(() => new Map(offsets.slice(from, (from += STEP)).map((offset) => [offset, undefined])));
  }

  /**
   * Makes the early updates that a reader has missed. An update that is no longer held is a gap.
   */
  static missed(missed: Missed): EarlyUpdates {
    return new EarlyUpdates(() => missed.next(STEP));
  }

  /** Offset of the next update, or undefined at the end. */
  get first(): number | undefined {
    return this.next()?.keys().next().value;
  }

  /**
   * @returns The next updates, or an empty map at the end. Undefined if some of the rest are no
   *   longer held: a gap.
   */
  next(): EventIds | undefined {
    if (this.#found.size > 0) return this.#found;
    const found = this.#find();
    if (found !== undefined) this.#found = new Map(found);
    return found;
  }

  /** Drops all updates up to an offset, because the reader has them. */
  pass(upTo: number): void {
    for (const offset of this.#found.keys()) {
      if (offset > upTo) return;
      this.#found.delete(offset);
    }
  }

  /** Drops updates that are no longer held. */
  drop(offsets: Iterable<number>): void {
    for (const offset of offsets) this.#found.delete(offset);
  }
}
