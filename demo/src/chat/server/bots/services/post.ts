import { readText } from "./read-text.ts";
import { serviceWords } from "./service-words.ts";

export interface PostOptions {
  /** The service's name in errors, such as "The webhook". */
  readonly who: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
  readonly signal: AbortSignal;
}

/** A successful answer, whose body is still to be read. */
export interface PostAnswer {
  /** In lower case, without parameters. Empty if there is none. */
  readonly mediaType: string;
  readonly response: Response;
}

/** Most redirects. */
const MAX_REDIRECTS = 5;

/**
 * Statuses of redirects that are followed. 303 is excluded, because its target is read with GET.
 */
const FOLLOWED: ReadonlySet<number> = new Set([301, 302, 307, 308]);

/** Largest body of a failure that is read, in bytes. */
const MAX_FAILURE_BYTES = 64 * 1024;

/** Headers that go to another origin. Any other header may hold a key. */
const HARMLESS: ReadonlySet<string> = new Set(["accept", "content-type"]);

/**
 * Posts JSON to a service. Redirects are followed with the same method and body. `fetch` by itself
 * turns a POST into a GET at 301 and 302, and would read a login page.
 *
 * @throws Error with the status and the service's own words if the answer is no success.
 * @throws Errors of `fetch`.
 */
export async function post(url: URL, { who, headers, json, signal }: PostOptions): Promise<PostAnswer> {
  const body = JSON.stringify(json);
  let to = url;
  let sent: Readonly<Record<string, string>> = { ...headers, "Content-Type": "application/json" };
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(to, { method: "POST", headers: sent, body, redirect: "manual", signal });
    const mediaType = response.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase() ?? "";
    if (response.ok) return { mediaType, response };
    if (FOLLOWED.has(response.status) || (response.status < 400 && response.headers.has("Location"))) {
      await response.body?.cancel();
      const next = redirectTarget(response, to, who);
      if (redirects === MAX_REDIRECTS) throw new Error(`${who} redirects more than ${MAX_REDIRECTS} times.`);
      if (next.origin !== to.origin) sent = Object.fromEntries(Object.entries(sent).filter(([name]) => HARMLESS.has(name.toLowerCase())));
      to = next;
      continue;
    }
    const words = serviceWords(await failureText(response), mediaType);
    throw new Error(withoutKeys(`${who} answered ${response.status}${words === "" ? "." : `: ${words}`}`, headers));
  }
}

function redirectTarget(response: Response, from: URL, who: string): URL {
  const location = response.headers.get("Location") ?? "";
  const to = location !== "" && URL.canParse(location, from) ? new URL(location, from) : undefined;
  const why =
    to === undefined
      ? "without an address"
      : !FOLLOWED.has(response.status)
        ? "to what is read with GET"
        : to.protocol !== from.protocol && to.protocol !== "https:"
          ? `to ${to.protocol}, which is not followed`
          : undefined;
  if (to === undefined || why !== undefined) {
    throw new Error(`${who} redirects (${response.status}) ${why}. Give the address that takes a POST.`);
  }
  // The redirecting service, not this bot, chose a user and password in a Location.
  to.username = "";
  to.password = "";
  return to;
}

async function failureText(response: Response): Promise<string> {
  try {
    return await readText(response, MAX_FAILURE_BYTES);
  } catch {
    // The status says enough.
    return "";
  }
}

/** Removes keys from a text, because some services repeat the key that they refuse. */
export function withoutKeys(text: string, headers: Readonly<Record<string, string>>): string {
  let clean = text;
  for (const [name, value] of Object.entries(headers)) {
    if (HARMLESS.has(name.toLowerCase())) continue;
    for (const part of [value, ...value.split(" ")]) if (part.length >= 8) clean = clean.replaceAll(part, "…");
  }
  return clean;
}

/** Checks the URL of an HTTP service. */
export function httpUrl(url: string, what: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "http:" && parsed?.protocol !== "https:") {
    throw new TypeError(`${what}: "${url}" is not a URL of HTTP. Write it in full, such as http://127.0.0.1:5005/reply.`);
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new TypeError(`${what}: leave the user and password out of the URL, and send an Authorization header.`);
  }
  return parsed;
}
