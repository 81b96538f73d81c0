import type { Authorization, Matcher } from "../../index.ts";
import { type IssuerOptions, mintToken } from "../../http/index.ts";
import { STATS_TOPIC, type StatsToken } from "./wire.ts";

/** The key that signs the tokens of an open console's pages. */
export interface ConsoleKey {
  /** The tokens' `iss`. */
  readonly issuer: string;
  /** At least 32 bytes (HS256). */
  readonly secret: Uint8Array;
}

/** The issuer of an open console, for the hub's `authorization.issuers`. */
export function consoleIssuer({ issuer, secret }: ConsoleKey): IssuerOptions {
  return { issuer, keys: [{ actions: ["subscribe"], algorithms: ["HS256"], secret }] };
}

/** The topics that only the console publishes. */
export const CONSOLE_TOPICS: readonly Matcher[] = [{ type: "urlpattern", pattern: "/console/*" }];

const SUBJECT = "console";
const LIFETIME_SECONDS = 300;

/**
 * Tokens that read the figures and nothing else. The figures are private even if the console is
 * open. Public figures would reach every subscriber of all topics, once a second.
 */
export class StatsTokens {
  readonly #key: ConsoleKey;
  readonly #audience: string;

  constructor(key: ConsoleKey, audience: string) {
    this.#key = key;
    this.#audience = audience;
  }

  async issue(): Promise<StatsToken> {
    const token = await mintToken({
      key: { secret: this.#key.secret, algorithm: "HS256" },
      issuer: this.#key.issuer,
      audience: this.#audience,
      subject: SUBJECT,
      subscribe: [{ topics: [{ type: "exact", pattern: STATS_TOPIC }], payload: undefined }],
      lifetimeSeconds: LIFETIME_SECONDS,
    });
    return { token, expiresInMs: LIFETIME_SECONDS * 1000 };
  }

  /** Whether a stream presented one of these tokens. */
  isOurs({ issuer, subject }: Authorization): boolean {
    return issuer === this.#key.issuer && subject === SUBJECT;
  }
}
