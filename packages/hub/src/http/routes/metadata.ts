import type { ErrorCode } from "../../core/errors.ts";
import type { Reply } from "../reply/reply.ts";

/** Start of the path at which a protected resource describes itself. */
const WELL_KNOWN = "/.well-known/oauth-protected-resource";

/** Facts about the hub for clients without a token. */
export class ResourceMetadata {
  /** The path of the metadata. */
  readonly path: string;
  readonly #url: string;
  readonly #document: string;
  readonly #takesTokens: boolean;

  /**
   * @param hubUrl - The hub's public URL. @param resource - The value that tokens must have in
   *   `aud`.
   * @param options.takesTokens - Whether any issuer is configured.
   */
  constructor(
    hubUrl: string,
    resource: string,
    cookieName: string,
    { hasSubscriptions, takesTokens }: { readonly hasSubscriptions: boolean; readonly takesTokens: boolean },
  ) {
    const { origin, pathname } = new URL(hubUrl);
    this.path = WELL_KNOWN + pathname;
    this.#url = origin + this.path;
    this.#takesTokens = takesTokens;
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
   * The `WWW-Authenticate` field of a refusal. Undefined if the token is not the reason, or the hub
   * knows sessions of the application alone, for which HTTP has no scheme.
   *
   * @see RFC 6750, 3; RFC 9728, 5.1.
   */
  challenge(code: ErrorCode): string | undefined {
    if (!this.#takesTokens) return undefined;
    const metadata = `resource_metadata="${this.#url}"`;
    if (code === "unauthorized") return `Bearer ${metadata}`;
    if (code === "invalid_token" || code === "insufficient_scope" || code === "invalid_request")
      return `Bearer error="${code}", ${metadata}`;
    return undefined;
  }
}
