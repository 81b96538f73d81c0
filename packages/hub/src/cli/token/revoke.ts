import { errorOfFailure, errorOfResponse } from "artesian-client/parts";
import type { Config } from "../config/config.ts";
import { Failure, UsageError } from "../errors.ts";
import { mint } from "./mint.ts";

/** The tokens to revoke, and the hub. */
export interface RevokeRequest {
  /** The hub's URL. */
  readonly url: URL;
  /**
   * Headers that carry the administrator's token. Without them, a token is made with the configured
   * keys.
   */
  readonly headers: Readonly<Record<string, string>>;
  readonly tokenId: string | undefined;
  readonly subject: string | undefined;
  /** Undefined: the issuer of the administrator's token. */
  readonly issuer: string | undefined;
}

const ADMIN_LIFETIME_MS = 60_000;
const TIMEOUT_MS = 30_000;

/**
 * Revokes tokens at a running hub.
 *
 * @throws UsageError when no token can be made.
 * @throws Failure when the hub did not revoke them.
 */
export async function revoke(config: Config, request: RevokeRequest): Promise<void> {
  const { tokenId, subject, issuer } = request;
  if ((tokenId === undefined) === (subject === undefined)) {
    throw new UsageError("--jti, --sub: say which tokens: --jti ID for one, or --sub SUBJECT for all that a subject has had until now.");
  }
  const url = new URL(request.url);
  // The protocol's address. The alias does not reveal it.
  if (url.pathname === "/events/stream") url.pathname = config.path;
  const form = new URLSearchParams(tokenId === undefined ? { sub: subject ?? "" } : { jti: tokenId });
  if (issuer !== undefined) form.set("iss", issuer);
  const headers = request.headers["authorization"] === undefined ? await ownHeaders(config) : request.headers;
  let response: Response;
  try {
    response = await fetch(`${url.origin}${url.pathname}/revocations`, {
      method: "POST",
      body: form,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new Failure(`Not revoked: ${errorOfFailure(error).message}`, { cause: error });
  }
  if (!response.ok) throw new Failure(`Not revoked: ${(await errorOfResponse(response)).message}`);
}

async function ownHeaders(config: Config): Promise<Readonly<Record<string, string>>> {
  const token = await mint(config, {
    publish: [{ type: "exact", pattern: `${config.path}/admin` }],
    subscribe: [],
    payload: undefined,
    lifetimeMs: ADMIN_LIFETIME_MS,
    subject: undefined,
  });
  return { authorization: `Bearer ${token}` };
}
