import type { Action, Authorization } from "../../core/authorization.ts";

/** Remembers what verified tokens say, so that a busy publisher's token costs one look-up. Only whole, equal tokens are found. */
export class TokenCache {
  readonly #capacity: number;
  readonly #tokens = new Map<string, Partial<Record<Action, Authorization>>>();

  /** @param capacity - Most tokens to remember; the oldest go. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** @param now - In milliseconds since 1970: what has expired is forgotten. */
  get(token: string, action: Action, now: number): Authorization | undefined {
    const known = this.#tokens.get(token)?.[action];
    if (known === undefined || now < known.expiresAt) return known;
    this.#tokens.delete(token);
    return undefined;
  }

  set(token: string, action: Action, authorization: Authorization): void {
    const known = this.#tokens.get(token);
    if (known !== undefined) {
      known[action] = authorization;
      return;
    }
    if (this.#tokens.size >= this.#capacity) {
      const oldest = this.#tokens.keys().next();
      if (!oldest.done) this.#tokens.delete(oldest.value);
    }
    this.#tokens.set(token, { [action]: authorization });
  }

  clear(): void {
    this.#tokens.clear();
  }
}
