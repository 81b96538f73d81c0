import type { HubOptions, Matcher } from "artesian";
import { type KeyOptions, mintToken } from "artesian/http";

/** A hub's URL that is not where it listens, as behind a proxy. */
export const HUB_URL = "https://hub.example/.well-known/mercure";
export const ISSUER = "https://issuer.example";
const SECRET = "a secret of at least thirty-two bytes";
const KEY: KeyOptions = { secret: SECRET, algorithms: ["HS256"] };

export const exact = (pattern: string): Matcher => ({ type: "exact", pattern });
export const urlpattern = (pattern: string): Matcher => ({ type: "urlpattern", pattern });

/** What a token is to say. */
export interface Rights {
  readonly publish?: readonly Matcher[];
  readonly subscribe?: readonly Matcher[];
  /** Details with a payload, in order, before those of `subscribe`. */
  readonly payloads?: readonly { readonly topics: readonly Matcher[]; readonly payload: Record<string, unknown> }[];
  readonly subject?: string;
  readonly tokenId?: string;
  readonly lifetimeSeconds?: number;
}

/** Options of a hub that trusts the tokens of {@link mint}. */
export const TRUSTING: HubOptions = {
  url: HUB_URL,
  anonymousPublish: false,
  // Tests with short tokens wait for their end.
  authorization: { issuers: [{ issuer: ISSUER, keys: [KEY] }], leewayMs: 0 },
};

export function mint({
  publish = [],
  subscribe = [],
  payloads = [],
  subject = "someone",
  tokenId,
  lifetimeSeconds = 600,
}: Rights): Promise<string> {
  return mintToken({
    key: { secret: SECRET, algorithm: "HS256" },
    issuer: ISSUER,
    audience: HUB_URL,
    subject,
    ...(tokenId === undefined ? {} : { tokenId }),
    publish,
    subscribe: [...payloads, ...(subscribe.length === 0 ? [] : [{ topics: subscribe, payload: undefined }])],
    lifetimeSeconds,
  });
}

export const bearer = (token: string): { Authorization: string } => ({ Authorization: `Bearer ${token}` });
