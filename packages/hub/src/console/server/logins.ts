import type { HubError, Logger } from "../../index.ts";
import type { Visitor } from "./access.ts";

/** A token that returns within this time is no new login, in milliseconds. */
const SAME_LOGIN_MS = 3_600_000;
/** Most remembered tokens. */
const MOST_LOGINS = 1000;
/**
 * Shortest time between two log lines about refused requests, in milliseconds. Anybody can send
 * these requests.
 */
const REFUSED_MS = 60_000;

/** Logs the console's users, and refusals of others. */
export class Logins {
  readonly #logger: Logger;
  /** When each token was last seen, the longest ago first. */
  readonly #lastMs = new Map<string, number>();
  #refusedToldAtMs = -Infinity;
  #refused = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** A request of an administrator or a monitor came. */
  came({ isAdmin, authorization: { issuer, subject, tokenId } }: Visitor): void {
    const key = JSON.stringify([issuer, subject, tokenId]);
    const now = performance.now();
    const lastMs = this.#lastMs.get(key);
    this.#lastMs.delete(key);
    this.#lastMs.set(key, now);
    const [oldest] = this.#lastMs.keys();
    if (this.#lastMs.size > MOST_LOGINS && oldest !== undefined) this.#lastMs.delete(oldest);
    if (lastMs === undefined || now - lastMs >= SAME_LOGIN_MS)
      this.#logger.info({ issuer, subject, tokenId }, `${isAdmin ? "an administrator" : "a monitor"} has come to the console`);
  }

  /** A request without an administrator's token came. */
  refused({ code, message: detail }: HubError): void {
    this.#refused++;
    const now = performance.now();
    if (now - this.#refusedToldAtMs < REFUSED_MS) return;
    this.#logger.warn({ code, detail, count: this.#refused }, "the console refused requests without an administrator's token");
    this.#refusedToldAtMs = now;
    this.#refused = 0;
  }
}
