import { type Hub, HubError, type Matcher } from "artesian";
import { type IssuerOptions, mintToken } from "artesian/http";
import { roomTopic } from "./wire.ts";

/** What the chat signs its visitors' tokens with. */
export interface ChatKey {
  /** The tokens' `iss`: a name of the chat's own, the same after a restart. */
  readonly issuer: string;
  /** At least 32 bytes (HS256). Whoever has it can read every room. */
  readonly secret: Uint8Array;
}

/** What the hub must be told about a chat: `authorization.issuers`, so that its visitors may read; `reservedTopics`, so that nobody speaks for it. */
export function chatIssuer({ issuer, secret }: ChatKey): IssuerOptions {
  return { issuer, keys: [{ actions: ["subscribe"], algorithms: ["HS256"], secret }] };
}

/** The topics that only the chat publishes. */
export const CHAT_TOPICS: readonly Matcher[] = [{ type: "urlpattern", pattern: "/chat/*" }];

/** Why the chat does not take a request's token; the codes are the hub's. */
export type BearerRefusal = "unauthorized" | "invalid_token" | "insufficient_scope";

export interface RoomTokensOptions {
  readonly key: ChatKey;
  /** What the hub expects in `aud`. */
  readonly audience: string;
  readonly lifetimeSeconds: number;
  /** Judges them, as it does for its streams. */
  readonly hub: Pick<Hub, "verify">;
}

/** Issues short-lived tokens, each for one visitor in one room: the hub takes them for the stream, the chat for the rest. */
export class RoomTokens {
  readonly #options: RoomTokensOptions;

  constructor(options: RoomTokensOptions) {
    this.#options = options;
  }

  get lifetimeMs(): number {
    return this.#options.lifetimeSeconds * 1000;
  }

  /** @param visitor - The visitor's public name tag, which becomes `sub`: a renewed token must name the same. */
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

  /** @returns The name tag of the visitor whose token the request brings for this room, or why it is refused. */
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
      // Expired, revoked, of another key, or no token at all: the page fetches another whichever it is.
      return "invalid_token";
    }
  }
}

/** The token of `Authorization: Bearer`; two fields arrive as one with a comma, which no token has. */
function readBearer(request: Request): string | undefined {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
}
