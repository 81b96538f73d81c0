import { HubError } from "../../core/errors.ts";
import { type Compat, COMPAT_COOKIE, COMPAT_PARAMETER } from "../compat/names.ts";
import { parseForm } from "../body/form.ts";

/** An access token as a request presents it, not verified. */
export interface Credentials {
  readonly token: string;
  readonly from: "header" | "query" | "cookie";
}

/** The `Bearer` scheme, in any case, and a `b64token` (RFC 6750, section 2.1). */
const BEARER = /^bearer +([\w.~+/-]+=*)$/i;
const TOKEN = /^[\w.~+/-]+=*$/;

/**
 * Finds the access token of a request. The `Authorization` header wins over a cookie, because
 * browsers send cookies unasked. A token in the URL counts only with `compat`, and then wins over
 * the cookie.
 *
 * @param request - `authorization`: every field of that name. Node's `headers` has only the first,
 *   so a proxy and the hub could see different tokens. `cookie`: the `Cookie` header. `query`: the
 *   query of the URL, without the `?`.
 * @param cookieName - Case-sensitive.
 * @param compat - Whether the ways of Mercure 0.x are accepted too.
 * @returns Undefined if there is no token.
 * @throws HubError `invalid_request` if there are several tokens, or one that is empty, malformed
 *   or of another scheme.
 * @see Mercure, "Presenting the Access Token".
 */
export function readCredentials(
  request: { readonly authorization: readonly string[]; readonly cookie: string | undefined; readonly query?: string | undefined },
  cookieName: string,
  compat?: Compat,
): Credentials | undefined {
  const [field, ...others] = request.authorization;
  if (field !== undefined) {
    if (others.length > 0) {
      throw new HubError("invalid_request", "The request has several `Authorization` fields. Send one.");
    }
    const token = BEARER.exec(trim(field))?.[1];
    if (token === undefined) {
      throw new HubError("invalid_request", "The `Authorization` field cannot be read. Send `Authorization: Bearer TOKEN`.");
    }
    return { token, from: "header" };
  }
  if (compat === undefined) return readCookie(request.cookie, cookieName);
  return readParameter(request.query ?? "") ?? readCookie(request.cookie, cookieName) ?? readCookie(request.cookie, COMPAT_COOKIE);
}

/**
 * Reads the token of the query. URLs end up in logs, histories and `Referer` fields, so Mercure 1.0
 * dropped the parameter.
 */
function readParameter(query: string): Credentials | undefined {
  const [token, ...others] = parseForm(query).flatMap(([name, value]) => (name === COMPAT_PARAMETER ? [value] : []));
  if (token === undefined) return undefined;
  if (others.length > 0 || !TOKEN.test(token)) {
    throw new HubError("invalid_request", `The URL's \`${COMPAT_PARAMETER}\` parameter cannot be read. Send one, with the token alone.`);
  }
  return { token, from: "query" };
}

function readCookie(header: string | undefined, cookieName: string): Credentials | undefined {
  if (header === undefined) return undefined;
  const tokens = new Set(readCookies(header, cookieName));
  const [token, ...more] = tokens;
  if (token === undefined) return undefined;
  if (more.length > 0) {
    // The cookie that counts depends on paths and ages, which the request does not show. A sibling
    // domain may have planted one.
    throw new HubError(
      "invalid_request",
      `The request has several \`${cookieName}\` cookies that differ. Set it with one \`Path\` and \`Domain\`.`,
    );
  }
  if (!TOKEN.test(token)) {
    throw new HubError("invalid_request", `The \`${cookieName}\` cookie cannot be read. Set it to the token, or remove it.`);
  }
  return { token, from: "cookie" };
}

function readCookies(header: string, name: string): readonly string[] {
  return header.split(";").flatMap((pair) => {
    const equals = pair.indexOf("=");
    if (equals === -1 || trim(pair.slice(0, equals)) !== name) return [];
    const value = trim(pair.slice(equals + 1));
    return [value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value];
  });
}

/**
 * Removes spaces and tabs from the ends, and no other white space. A regular expression would need
 * quadratic time.
 */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start++;
  while (end > start && isBlank(text, end - 1)) end--;
  return text.slice(start, end);
}

function isBlank(text: string, index: number): boolean {
  return text[index] === " " || text[index] === "\t";
}
