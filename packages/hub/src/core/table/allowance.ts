/** A token bucket that may go into debt: a whole batch is taken or none, and the rate holds on average. */
export class Allowance {
  readonly #perSecond: number;
  readonly #burst: number;
  #balance: number;
  #countedAtMs: number;

  /** @param burst - Most that is taken at once after a quiet time. */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#balance = burst;
    this.#countedAtMs = nowMs;
  }

  /** How long the next batch has to wait, in milliseconds. */
  waitMs(nowMs: number): number {
    const balance = this.#balanceAt(nowMs);
    return balance > 0 ? 0 : ((1 - balance) * 1000) / this.#perSecond;
  }

  /** Whether the next batch has to wait. */
  isSpent(nowMs: number): boolean {
    return this.#balanceAt(nowMs) <= 0;
  }

  /** Whether nothing was taken for so long that a new one would be the same. */
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
