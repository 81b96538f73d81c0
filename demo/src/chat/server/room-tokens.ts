import { type Hub, HubError, type Matcher } from "artesian";
import { type IssuerOptions, mintToken } from "artesian/http";
import { roomTopic } from "./wire.ts";

/** The key that signs the visitors' tokens. */
export interface ChatKey {
  /** The tokens' `iss`: a name of the chat's own, the same after a restart. */
  readonly issuer: string;
  /** At least 32 bytes (HS256). Its owner can read every room. */
  readonly secret: Uint8Array;
}

/**
 * The chat's issuer, for the hub's `authorization.issuers`, so that visitors may read. Add {@link
 * CHAT_TOPICS} to `reservedTopics`, so that nobody speaks for the chat.
 */
export function chatIssuer({ issuer, secret }: ChatKey): IssuerOptions {
  return { issuer, keys: [{ actions: ["subscribe"], algorithms: ["HS256"], secret }] };
}

/** The topics that only the chat publishes. */
export const CHAT_TOPICS: readonly Matcher[] = [{ type: "urlpattern", pattern: "/chat/*" }];

/** Why the chat refuses a request's token, in the hub's codes. */
export type BearerRefusal = "unauthorized" | "invalid_token" | "insufficient_scope";

export interface RoomTokensOptions {
  readonly key: ChatKey;
  /** The hub's expected `aud`. */
  readonly audience: string;
  readonly lifetimeSeconds: number;
  /** Verifies the tokens, as for the hub's streams. */
  readonly hub: Pick<Hub, "verify">;
}

/**
 * Issues short-lived tokens, each for one visitor in one room. The hub accepts them for the stream,
 * the chat for the rest.
 */
export class RoomTokens {
  readonly #options: RoomTokensOptions;

  constructor(options: RoomTokensOptions) {
    this.#options = options;
  }

  get lifetimeMs(): number {
    return this.#options.lifetimeSeconds * 1000;
  }

  /**
   * @param visitor - The visitor's public name tag, which becomes `sub`. A renewed token must have
   *   the same.
   */
  issue(room: string, visitor: string): Promise<string> {
    const { key, audience, lifetimeSeconds } = this.#options;
    return mintToken({
      key: { secret: key.secret, algorithm: "HS256" },
      issuer: key.issuer,
      audience,
      subject: visitor,
      subscribe: [{ topics: [{ type: "exact", pattern: roomTopic(room) }], payload: undefined }],
      lifetimeSeconds,
    });
  }

  /**
   * @returns The name tag of the visitor whose token the request brings for this room, or the
   *   reason of the refusal.
   */
  async visitorOf(request: Request, room: string): Promise<{ readonly visitor: string } | BearerRefusal> {
    const token = readBearer(request);
    if (token === undefined) return "unauthorized";
    const { key, hub } = this.#options;
    try {
      const { issuer, subject, subscribe } = await hub.verify(token, "subscribe");
      // Another issuer's token may read the room on the hub, and is no visitor of the chat.
      if (issuer !== key.issuer || subject === undefined) return "invalid_token";
      const grantsRoom = subscribe.some(({ topics }) =>
        topics.some(({ type, pattern }) => type === "exact" && pattern === roomTopic(room)),
      );
      return grantsRoom ? { visitor: subject } : "insufficient_scope";
    } catch (error) {
      if (!(error instanceof HubError) || error.code !== "invalid_token") throw error;
      // Expired, revoked, of another key, or no token at all. In each case the page fetches
      // another.
      return "invalid_token";
    }
  }
}

/**
 * The token of `Authorization: Bearer`. Two fields arrive as one with a comma, which no token has.
 */
function readBearer(request: Request): string | undefined {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
}
