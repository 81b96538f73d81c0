import type { Headline } from "../headline.ts";

/** A headline on its way through the ticker. */
export interface Rolling {
  readonly turn: number;
  readonly headline: Headline;
  /** Start position, in pixels from the left. Undefined: off the right edge. */
  readonly startPx: number | undefined;
}

/**
 * Chooses the next headline, which is always the one that has been off for longest. So a new
 * headline comes first.
 */
export class Lane {
  #pool: readonly Headline[] = [];
  #rolling: readonly Rolling[] = [];
  /** The last turn of each headline. */
  readonly #turns = new Map<string, number>();
  #turn = 0;
  /**
   * Start of the next headline. Undefined while the tail of the last one is outside. The lane is
   * filled from the left first.
   */
  #room: { readonly startPx: number | undefined } | undefined = { startPx: 0 };

  get rolling(): readonly Rolling[] {
    return this.#rolling;
  }

  /** @param pool - The candidates, newest first. */
  supply(pool: readonly Headline[]): void {
    this.#pool = pool;
    const ids = new Set(pool.map(({ id }) => id));
    for (const id of this.#turns.keys()) if (!ids.has(id)) this.#turns.delete(id);
    this.#launch();
  }

  /**
   * Records that the last headline is completely in view.
   *
   * @param nextPx - Start of the next headline. Undefined: off the right edge.
   */
  entered(nextPx: number | undefined): void {
    this.#room = { startPx: nextPx };
    this.#launch();
  }

  /** Records that a headline has left at the left edge. */
  gone(turn: number): void {
    this.#rolling = this.#rolling.filter((each) => each.turn !== turn);
    this.#launch();
  }

  #launch(): void {
    const room = this.#room;
    const next = this.#next();
    if (room === undefined || next === undefined) return;
    this.#room = undefined;
    this.#turn += 1;
    this.#turns.set(next.id, this.#turn);
    this.#rolling = [...this.#rolling, { turn: this.#turn, headline: next, startPx: room.startPx }];
  }

  /** Never a visible headline, which would be seen twice at a time. */
  #next(): Headline | undefined {
    let next: Headline | undefined;
    for (const headline of this.#pool) {
      if (this.#rolling.some((each) => each.headline.id === headline.id)) continue;
      if (next === undefined || this.#turnOf(headline) < this.#turnOf(next)) next = headline;
    }
    return next;
  }

  #turnOf({ id }: Headline): number {
    return this.#turns.get(id) ?? 0;
  }
}
