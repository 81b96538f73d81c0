import type { ErrorCode } from "../../core/errors.ts";
import type { Reply } from "../reply/reply.ts";

/** The start of the path at which a protected resource tells about itself. */
const WELL_KNOWN = "/.well-known/oauth-protected-resource";

/** What clients may find out about the hub before they have a token. */
export class ResourceMetadata {
  /** Where it is served. */
  readonly path: string;
  readonly #url: string;
  readonly #document: string;

  /** @param hubUrl - The hub's public URL. @param resource - The value that tokens must have in `aud`. */
  constructor(hubUrl: string, resource: string, cookieName: string, hasSubscriptions: boolean) {
    const { origin, pathname } = new URL(hubUrl);
    this.path = WELL_KNOWN + pathname;
    this.#url = origin + this.path;
    this.#document = JSON.stringify({
      resource,
      authorization_details_types_supported: ["https://mercure.rocks/authorization-detail"],
      bearer_methods_supported: ["header"],
      mercure_cookie: cookieName,
      mercure_matcher_types_supported: ["exact", "urlpattern"],
      ...(hasSubscriptions ? { mercure_subscriptions: true } : {}),
    });
  }

  reply(): Reply {
    const headers = { "Content-Type": "application/json", "Cache-Control": "max-age=3600" };
    return { status: 200, headers, body: `${this.#document}\n` };
  }

  /**
   * The `WWW-Authenticate` field of a refusal; undefined where the token has nothing to do with it.
   *
   * @see RFC 6750, 3; RFC 9728, 5.1.
   */
  challenge(code: ErrorCode): string | undefined {
    const metadata = `resource_metadata="${this.#url}"`;
    if (code === "unauthorized") return `Bearer ${metadata}`;
    if (code === "invalid_token" || code === "insufficient_scope" || code === "invalid_request")
      return `Bearer error="${code}", ${metadata}`;
    return undefined;
  }
}
