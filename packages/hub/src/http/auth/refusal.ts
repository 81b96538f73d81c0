/**
 * The reason why a token is refused, for the hub's log and for `explain`. The client never sees it.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** The reason for a token whose only fault is its time: expired, or not valid yet. */
export class ClockRefusal extends Refusal {
  readonly claim: "exp" | "nbf";
  /** Time of the claim, in milliseconds since 1970. */
  readonly tokenMs: number;
  /** Time of the hub's clock. */
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

  /**
   * Time since the token became invalid, including the leeway, in milliseconds. Negative if the
   * token will be valid later.
   */
  get passedMs(): number {
    return this.claim === "exp" ? this.hubMs - this.tokenMs - this.leewayMs : this.hubMs - this.tokenMs + this.leewayMs;
  }
}

/** The reason for a token that was made for another hub. */
export class AudienceRefusal extends Refusal {
  /** The token's `aud`, for the log. */
  readonly audience: string;

  constructor(audience: string, resourceIdentifier: string) {
    super(`aud is ${audience}; it must contain this hub's resource identifier, ${quote(resourceIdentifier)}.`);
    this.audience = audience;
  }
}

/** The token can't be judged, because its key may be in a JWK set that cannot be fetched. */
export class KeysAway extends Refusal {
  /** Time until the set may be available, in milliseconds. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The clock for a token's times, in milliseconds. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Allowed difference of the issuer's clock. */
  readonly leewayMs: number;
}

/** Formats milliseconds since 1970 as a date and time. */
export function showTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/**
 * Shows a token's value in a sentence. Quoted, so that the value can't pass for part of the
 * sentence, and cut.
 */
export function quote(value: unknown): string {
  // Nested values are not shown, because writing out a very deep one would exhaust the stack.
  if (Array.isArray(value) && value.some((entry) => typeof entry === "object" && entry !== null)) return "an array of objects";
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return "an object";
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
