import type { Authorization, Matcher } from "../../index.ts";
import { type IssuerOptions, mintToken } from "../../http/index.ts";
import { STATS_TOPIC, type StatsToken } from "./wire.ts";

/** What the open console signs its pages' tokens with. */
export interface ConsoleKey {
  /** The tokens' `iss`. */
  readonly issuer: string;
  /** At least 32 bytes (HS256). */
  readonly secret: Uint8Array;
}

/** What the hub of an open console must be told: `authorization.issuers`. */
export function consoleIssuer({ issuer, secret }: ConsoleKey): IssuerOptions {
  return { issuer, keys: [{ actions: ["subscribe"], algorithms: ["HS256"], secret }] };
}

/** The topics that only the console publishes. */
export const CONSOLE_TOPICS: readonly Matcher[] = [{ type: "urlpattern", pattern: "/console/*" }];

const SUBJECT = "console";
const LIFETIME_SECONDS = 300;

/**
 * Tokens that read the figures and nothing else. The figures are private even where the console is open: public ones would come to
 * everybody who watches every topic, once a second.
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

  /** Whether a stream came with one of these. */
  isOurs({ issuer, subject }: Authorization): boolean {
    return issuer === this.#key.issuer && subject === SUBJECT;
  }
}
