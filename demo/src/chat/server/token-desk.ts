import { publicVisitor } from "./names.ts";
import type { ChatLimits } from "./options.ts";
import { problem, tooMany } from "./problem.ts";
import { isJson } from "../../read-body.ts";
import type { RoomTokens } from "./room-tokens.ts";
import { TokenBuckets } from "./token-buckets.ts";
import { VisitorCookie } from "./visitor-cookie.ts";
import type { ChatToken } from "./wire.ts";

export interface TokenDeskOptions {
  readonly tokens: RoomTokens;
  /** The hub's public URL. */
  readonly url: string;
  readonly limits: Pick<ChatLimits, "tokensPerVisitor" | "tokensPerAddress" | "rateKeys">;
}

/**
 * The desk that issues the browsers' tokens. Anyone may have a token for any room, but only with
 * their own `sub`.
 */
export class TokenDesk {
  readonly #tokens: RoomTokens;
  readonly #cookie: VisitorCookie;
  readonly #visitorRates: TokenBuckets;
  readonly #addressRates: TokenBuckets;

  constructor({ tokens, url, limits }: TokenDeskOptions) {
    this.#tokens = tokens;
    this.#cookie = new VisitorCookie(url);
    this.#visitorRates = new TokenBuckets(limits.tokensPerVisitor, limits.rateKeys);
    this.#addressRates = new TokenBuckets(limits.tokensPerAddress, limits.rateKeys);
  }

  /**
   * Answers `POST /chat/ROOM/token` with a token for the room, in the name of the cookie's visitor
   * or of a new one.
   *
   * @param address - The address to charge, or undefined for none.
   */
  async answer(request: Request, room: string, address: string | undefined): Promise<Response> {
    if (request.method !== "POST") return problem("method_not_allowed", "Get a token with POST.", { Allow: "POST" });
    if (!isJson(request)) return problem("unsupported_media_type", "Ask with `Content-Type: application/json`.");
    const known = this.#cookie.read(request);
    const secret = known ?? this.#cookie.make();
    const visitor = publicVisitor(secret);
    const waitMs = Math.max(
      known === undefined ? 0 : this.#visitorRates.take(visitor),
      address === undefined ? 0 : this.#addressRates.take(address),
    );
    if (waitMs > 0) return tooMany("too_many_tokens", "then ask for the token again", waitMs);
    const answer: ChatToken = { token: await this.#tokens.issue(room, visitor), expiresInMs: this.#tokens.lifetimeMs, visitor };
    return Response.json(answer, { headers: { "Cache-Control": "no-store", "Set-Cookie": this.#cookie.write(secret) } });
  }
}
