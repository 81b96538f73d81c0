import { Option } from "commander";
import { UsageError } from "./errors.ts";
import { parseUrl } from "../core/parse-url.ts";

const DEFAULT_URL = "http://127.0.0.1:3000/events/stream";

/** `--url`, the same for every command that talks to a hub. */
export function urlOption(): Option {
  return new Option("--url <url>", `URL of the hub, by default with the path /events/stream (default: ${DEFAULT_URL}, env: ARTESIAN_URL)`);
}

/**
 * @param flag - The value of `--url`.
 * @param fallback - The hub's URL if neither the flag nor the variable names one.
 * @throws UsageError that names the place of an unusable URL.
 */
export function hubUrl(flag: string | undefined, env: Readonly<Record<string, string | undefined>>, fallback: string = DEFAULT_URL): URL {
  const variable = env.ARTESIAN_URL === "" ? undefined : env.ARTESIAN_URL;
  const value = flag ?? variable ?? fallback;
  const url = parseUrl(value);
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `${flag === undefined ? "ARTESIAN_URL" : "--url"}: "${value}" is not an http or https URL, such as ${DEFAULT_URL}`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    // `fetch` refuses them, with an error that says neither where nor why.
    throw new UsageError(`${flag === undefined ? "ARTESIAN_URL" : "--url"}: a name and password in the URL are not supported.`);
  }
  if (url.pathname === "/") url.pathname = "/events/stream";
  return url;
}
