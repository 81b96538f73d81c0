import { type Authorization, MAX_LEEWAY_MS } from "../../core/matching/authorization.ts";
import { HubError } from "../../core/errors.ts";
import type { Revocation } from "../../core/table/revocations.ts";
import { readBody } from "../body/body.ts";
import type { HttpContext } from "../context.ts";
import type { HubRequest } from "../request.ts";
import { decodeUtf8, parseForm } from "../body/form.ts";
import type { Reply } from "../reply/reply.ts";
import { mediaTypeOf } from "../body/update-body.ts";

/** Most bytes of the body, which has a claim or two. */
const BODY_BYTES = 16_384;

/**
 * `POST` to `HUB/revocations`: refuses a token by its `jti`, or all tokens of a subject by its
 * `sub`, and ends their streams.
 *
 * @see docs/guides/authorization.md, "Revoking a token".
 */
export async function revoke({ hub }: HttpContext, request: HubRequest, administrator: Authorization | undefined): Promise<Reply> {
  if (mediaTypeOf(request.header("content-type")) !== "application/x-www-form-urlencoded") {
    throw new HubError("unsupported_media_type", "Send the claims as application/x-www-form-urlencoded, such as jti=ID.");
  }
  const form = readForm(await readBody(request, BODY_BYTES));
  hub.tokens.checkCurrent(administrator);
  await hub.tokens.revokeFor(administrator, readRevocation(form, administrator?.issuer ?? ""));
  return { status: 204, headers: { "Cache-Control": "no-store" }, body: "" };
}

/** `GET HUB/revocations`: lists the revocations that hold, the newest first. */
export async function listRevocations({ hub }: HttpContext): Promise<Reply> {
  const revocations = (await hub.tokens.revocations()).map(({ id, issuer, at, until, ...which }) => ({
    id,
    iss: issuer,
    ...("tokenId" in which ? { jti: which.tokenId } : { sub: which.subject }),
    at: new Date(at).toISOString(),
    ...(until !== undefined && { exp: Math.ceil(until / 1000) }),
  }));
  return {
    status: 200,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    body: `${JSON.stringify({ revocations })}\n`,
  };
}

/** `DELETE HUB/revocations/ID`: lets the tokens in again. */
export async function withdraw(
  { hub }: HttpContext,
  _request: HubRequest,
  administrator: Authorization | undefined,
  id: string,
): Promise<Reply> {
  if (!(await hub.tokens.withdrawFor(administrator, id))) {
    throw new HubError("not_found", "No revocation has this id. GET the revocations for their ids.");
  }
  return { status: 204, headers: { "Cache-Control": "no-store" }, body: "" };
}

function readForm(body: Uint8Array): ReadonlyMap<string, string> {
  const form = new Map<string, string>();
  for (const [name, value] of parseForm(decodeUtf8(body))) {
    if (form.has(name)) throw new HubError("invalid_body", `The field \`${name}\` occurs twice. Revoke one thing at a time.`);
    form.set(name, value);
  }
  return form;
}

function readRevocation(form: ReadonlyMap<string, string>, ownIssuer: string): Revocation {
  const tokenId = form.get("jti") ?? "";
  const subject = form.get("sub") ?? "";
  const issuer = form.get("iss") ?? ownIssuer;
  if ((tokenId === "") === (subject === "")) {
    throw new HubError(
      "invalid_body",
      "Say which tokens: `jti`, the id of one; or `sub`, the subject whose tokens issued up to now are meant.",
    );
  }
  const until = readEnd(form.get("exp"));
  return tokenId === "" ? { issuer, subject, until } : { issuer, tokenId, until };
}

/** In milliseconds since 1970. */
function readEnd(exp: string | undefined): number | undefined {
  if (exp === undefined || exp === "") return undefined;
  if (!/^\d{1,12}$/.test(exp)) throw new HubError("invalid_body", "`exp` is not a whole number of seconds since 1970.");
  const until = Number(exp) * 1000;
  // A token is accepted a little beyond its end.
  if (until + MAX_LEEWAY_MS <= Date.now())
    throw new HubError("invalid_body", "`exp` has passed: such tokens have ended. Leave it out where that is not certain.");
  return until;
}
