import type { Action, Authorization } from "../../core/matching/authorization.ts";
import { Recent } from "../../core/recent.ts";

/**
 * Remembers the grants of verified tokens, so that a busy publisher's token costs one look-up. Only
 * whole, equal tokens are found.
 */
export class TokenCache {
  readonly #tokens: Recent<Partial<Record<Action, Authorization>>>;

  /** @param capacity - Most remembered tokens. The least recently used ones are dropped. */
  constructor(capacity: number) {
    this.#tokens = new Recent(Math.ceil(capacity / 2));
  }

  /** @param now - In milliseconds since 1970. Expired entries are dropped. */
  get(token: string, action: Action, now: number): Authorization | undefined {
    const known = this.#tokens.get(token)?.[action];
    if (known === undefined || now < known.expiresAt) return known;
    this.#tokens.delete(token);
    return undefined;
  }

  set(token: string, action: Action, authorization: Authorization): void {
    const known = this.#tokens.get(token);
    if (known === undefined) this.#tokens.set(token, { [action]: authorization });
    else known[action] = authorization;
  }

  clear(): void {
    this.#tokens.clear();
  }
}
