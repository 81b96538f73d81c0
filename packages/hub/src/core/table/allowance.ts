/**
 * A token bucket that may go into debt. A batch is taken whole or not at all, and the rate holds on
 * average.
 */
export class Allowance {
  readonly #perSecond: number;
  readonly #burst: number;
  #balance: number;
  #countedAtMs: number;

  /** @param burst - Most tokens taken at once after a quiet time. */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#balance = burst;
    this.#countedAtMs = nowMs;
  }

  /** Time until the next batch may be taken, in milliseconds. */
  waitMs(nowMs: number): number {
    const balance = this.#balanceAt(nowMs);
    return balance > 0 ? 0 : ((1 - balance) * 1000) / this.#perSecond;
  }

  /** Tells whether the next batch has to wait. */
  isSpent(nowMs: number): boolean {
    return this.#balanceAt(nowMs) <= 0;
  }

  /** Tells whether the bucket is full, so that a new bucket would be the same. */
  isFull(nowMs: number): boolean {
    return this.#balanceAt(nowMs) >= this.#burst;
  }

  take(count: number): void {
    this.#balance -= count;
  }

  #balanceAt(nowMs: number): number {
    const gained = ((nowMs - this.#countedAtMs) * this.#perSecond) / 1000;
    this.#balance = Math.min(this.#burst, this.#balance + gained);
    this.#countedAtMs = nowMs;
    return this.#balance;
  }
}
