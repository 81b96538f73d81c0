/** Why a token is refused, in words for the hub's log and for `explain`; whoever presented it never sees them. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** Why a token is refused that is right in all but its time: it ended, or has not begun. */
export class ClockRefusal extends Refusal {
  readonly claim: "exp" | "nbf";
  /** What the claim says, in milliseconds since 1970. */
  readonly tokenMs: number;
  /** What the hub's clock says. */
  readonly hubMs: number;
  readonly leewayMs: number;

  constructor(claim: "exp" | "nbf", tokenMs: number, { now, leewayMs }: Clock) {
    const leeway = leewayMs === 0 ? "" : `, and the leeway is ${leewayMs / 1000} s`;
    super(`${claim} is ${showTime(tokenMs)}; it is ${showTime(now)} now${leeway}.`);
    this.claim = claim;
    this.tokenMs = tokenMs;
    this.hubMs = now;
    this.leewayMs = leewayMs;
  }

  /** For how long, with the leeway, the token has not been valid, in milliseconds; negative if it will be after that time. */
  get passedMs(): number {
    return this.claim === "exp" ? this.hubMs - this.tokenMs - this.leewayMs : this.hubMs - this.tokenMs + this.leewayMs;
  }
}

/** Why a token can't be judged: its key may be in a JWK set that cannot be fetched. */
export class KeysAway extends Refusal {
  /** When the set may be there, in milliseconds from now. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** What a token's times are compared with, in milliseconds. */
export interface Clock {
  /** Since 1970. */
  readonly now: number;
  /** How far the issuer's clock may differ. */
  readonly leewayMs: number;
}

/** Writes milliseconds since 1970 as a date and a time. */
export function showTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** Shows a value of a token in a sentence: quoted, so that it cannot pass for part of the sentence, and cut. */
export function quote(value: unknown): string {
  // Nested values are not shown: writing out a very deep one would exhaust the stack.
  if (Array.isArray(value) && value.some((entry) => typeof entry === "object" && entry !== null)) return "an array of objects";
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return "an object";
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
