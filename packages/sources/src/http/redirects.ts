import { HttpError } from "../errors.ts";
import type { RawAnswer } from "./request.ts";
import { shownAddress } from "./address.ts";

/** The head of an answer. */
type Answered = Pick<RawAnswer, "status" | "headers">;

/** Statuses that send a GET elsewhere. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Request headers that say nothing about who asks. */
const HARMLESS: ReadonlySet<string> = new Set(["accept", "accept-language", "user-agent"]);

/** Whether an answer sends the request elsewhere. */
export function isRedirect(response: Answered): boolean {
  return REDIRECTS.has(response.status);
}

/**
 * Where an answer sends a request to.
 *
 * @throws HttpError `redirect` when it must not be followed: off http and https, or from https to http, where everyone
 * on the way could read and change what comes.
 */
export function redirectTarget(response: Answered, from: URL): URL {
  const location = response.headers.get("location");
  const name = shownAddress(from);
  if (location === null || !URL.canParse(location, from)) {
    throw new HttpError(`${name} redirects (${response.status}), but not to an address.`, { code: "redirect", status: response.status });
  }
  const to = new URL(location, from);
  // Credentials in a Location would go where the one who redirects wants them, in our name.
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
 * The headers for the next address. To another origin only what is harmless goes: a key may be in any header, not just
 * in `Authorization`.
 */
export function headersFor(to: URL, from: URL, headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (to.origin === from.origin) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => HARMLESS.has(name)));
}
