import { type Action, type Authorization, invalidToken } from "../../core/matching/authorization.ts";
import { HubError } from "../../core/errors.ts";
import { Recent } from "../../core/recent.ts";
import type { AppRequest } from "./app-rights.ts";
import type { Authorizer } from "./index.ts";
import { type Credentials, readCredentials } from "./credentials.ts";
import type { Compat } from "../compat/names.ts";
import type { HubRequest } from "../request.ts";
import { isOwnOrigin, originOfReferer, originRequest } from "./origin.ts";

/** The parts of a request that identify its sender. */
export type AccessRequest = Pick<HubRequest, "authorization" | "header" | "query" | "original">;

/** Permissions of a hub. */
export interface AccessOptions {
  /** Verifies tokens. Undefined accepts none. */
  readonly authorizer: Authorizer | undefined;
  /** Asks the application about requests without a token. Undefined if the application does not say. */
  readonly askApp?: ((request: AppRequest) => Promise<Authorization | undefined>) | undefined;
  /** Whether subscribers without a token receive public updates. */
  readonly anonymous: boolean;
  /** Whether publishers need no token. */
  readonly anonymousPublish: boolean;
  readonly cookieName: string;
  /** Whether tokens may also come as in Mercure 0.x. */
  readonly compat: Compat | undefined;
  /** Origins of pages that may publish with a cookie, beside the hub's own. */
  readonly publishOrigins: readonly string[];
  /** The hub's public URL, whose origin is the hub's own. Undefined if it is not known. */
  readonly hubUrl: string | undefined;
}

/** Fields by which the request of a page is known. */
const PAGE_FIELDS = ["cookie", "origin", "referer"] as const;

/** Most remembered fields, in each of two generations. */
const REMEMBERED_FIELDS = 1024;
/** Longest remembered field, in characters. */
const REMEMBERED_LENGTH = 2048;

/** Decides whom a request comes from. Nothing else does. */
export class Access {
  readonly #options: AccessOptions;
  /**
   * The credentials of recent `Authorization` fields. The same text of a token is then the key of
   * the next look-up, and its hash is known.
   */
  readonly #fields = new Recent<Credentials>(REMEMBERED_FIELDS);

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /**
   * Checks a request's token.
   *
   * @returns The token's grants, or undefined for an allowed anonymous request. A promise only for
   *   a token that was not seen before.
   * @throws HubError `unauthorized`, `invalid_request`, `invalid_token`, `keys_unavailable` or
   *   `origin_forbidden`.
   */
  authorize(request: AccessRequest, action: Action): Authorization | undefined | Promise<Authorization | undefined> {
    if (this.#options.askApp !== undefined && !this.#hasToken(request)) return this.#ask(this.#options.askApp, request, action);
    const credentials = this.#credentials(request);
    if (credentials === undefined) {
      this.#admitAnonymous(action, this.#options.anonymous);
      return undefined;
    }
    if (action === "publish" && credentials.from === "cookie") this.#checkOrigin(request);
    if (this.#options.authorizer === undefined) {
      throw invalidToken("no issuer is configured");
    }
    return this.#options.authorizer.verify(credentials.token, action);
  }

  #admitAnonymous(action: Action, anonymous: boolean): void {
    if (action === "publish" ? this.#options.anonymousPublish : anonymous) return;
    throw new HubError(
      "unauthorized",
      action === "publish"
        ? "Publishing needs an access token."
        : "Subscribing needs an access token, because this hub accepts no anonymous subscribers.",
    );
  }

  async #ask(askApp: NonNullable<AccessOptions["askApp"]>, request: AccessRequest, action: Action): Promise<Authorization | undefined> {
    const { original } = request;
    if (original === undefined) throw new HubError("unauthorized", "The request needs an access token.");
    // Browsers add cookies, and the passwords that they know, to the requests of any page.
    if (action === "publish" && PAGE_FIELDS.some((name) => request.header(name) !== undefined)) this.#checkOrigin(request);
    const authorization = await askApp(original);
    if (authorization === undefined) this.#admitAnonymous(action, true);
    return authorization;
  }

  /** Whether the request has a token for the hub. Other credentials are the application's. */
  #hasToken(request: AccessRequest): boolean {
    if (this.#options.authorizer === undefined) return false;
    const { authorization } = request;
    return authorization.length === 0 ? this.#credentials(request) !== undefined : authorization.some((field) => /^bearer /i.test(field));
  }

  /** Whether the token of a readable request is in its cookie. */
  isByCookie(request: AccessRequest): boolean {
    return this.#credentials(request)?.from === "cookie";
  }

  #credentials(request: AccessRequest): Credentials | undefined {
    const { authorization } = request;
    const field = authorization.length === 1 ? authorization[0] : undefined;
    const known = field === undefined ? undefined : this.#fields.get(field);
    if (known !== undefined) return known;
    const { cookieName, compat } = this.#options;
    const found = readCredentials({ authorization, cookie: request.header("cookie"), query: request.query }, cookieName, compat);
    if (field !== undefined && found !== undefined && field.length <= REMEMBERED_LENGTH) this.#fields.set(field, found);
    return found;
  }

  /**
   * A browser adds the cookie to any page's request, so the page itself must be allowed to publish.
   */
  #checkOrigin(request: AccessRequest): void {
    const { publishOrigins, hubUrl } = this.#options;
    const source = request.header("origin") ?? originOfReferer(request.header("referer"));
    if (source !== undefined && (publishOrigins.includes(source) || isOwnOrigin(source, hubUrl, originRequest(request)))) return;
    throw new HubError("origin_forbidden", "With a cookie, the request must come from a page of the hub's origin or of an allowed origin.");
  }
}
