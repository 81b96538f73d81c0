import { HttpError } from "../errors.ts";
import type { RawAnswer } from "./request.ts";
import { shownAddress } from "./address.ts";

/** The head of an answer. */
type Answered = Pick<RawAnswer, "status" | "headers">;

/** Statuses that redirect a GET. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Request headers that do not identify the sender. */
const HARMLESS: ReadonlySet<string> = new Set(["accept", "accept-language", "user-agent"]);

/** Whether an answer redirects the request. */
export function isRedirect(response: Answered): boolean {
  return REDIRECTS.has(response.status);
}

/**
 * Returns the target of a redirect.
 *
 * @throws HttpError `redirect` when the redirect must not be followed. Forbidden are targets off
 *   http and https, and a step from https to http, where everyone on the way could read and change
 *   the answer.
 */
export function redirectTarget(response: Answered, from: URL): URL {
  const location = response.headers.get("location");
  const name = shownAddress(from);
  if (location === null || !URL.canParse(location, from)) {
    throw new HttpError(`${name} redirects (${response.status}), but not to an address.`, { code: "redirect", status: response.status });
  }
  const to = new URL(location, from);
  // The redirecting server would choose where credentials in a Location are sent, in our name.
  to.username = "";
  to.password = "";
  if (!/^https?:$/.test(to.protocol) || (from.protocol === "https:" && to.protocol === "http:")) {
    throw new HttpError(`${name} redirects to ${to.protocol}//…, which is not followed: ${whyNot(to)}`, {
      code: "redirect",
      status: response.status,
    });
  }
  return to;
}

function whyNot(to: URL): string {
  return to.protocol === "http:" ? "it leaves https." : "only http and https are.";
}

/**
 * Returns the headers for the next address. Only harmless headers go to another origin, because a
 * key may be in any header, not just in `Authorization`.
 */
export function headersFor(to: URL, from: URL, headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (to.origin === from.origin) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => HARMLESS.has(name)));
}
