import { Option } from "commander";
import { looksLikePath } from "../http/auth/mistaken-secret.ts";
import { UsageError } from "./errors.ts";

/** `--token`, the same for every command that talks to a hub. */
export function tokenOption(): Option {
  return new Option(
    "--token <token>",
    "access token, as made by artesian token mint (ARTESIAN_TOKEN hides it better from other users of the machine)",
  );
}

/**
 * Returns the header that carries a token. A token is never in a URL, because URLs end up in logs
 * and histories.
 *
 * @param flag - The value of `--token`.
 * @returns No header if there is no token.
 * @throws UsageError that names the place of an unusable token, without repeating the token.
 */
export function bearerHeaders(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const token = (flag ?? env.ARTESIAN_TOKEN ?? "").trim();
  if (token === "" && flag === undefined) return {};
  const place = flag === undefined ? "ARTESIAN_TOKEN" : "--token";
  // The hub would refuse this token, after it has read the path of a local secret.
  if (looksLikePath(token) || /^file:/i.test(token)) {
    throw new UsageError(`${place}: this is the path of a file, and must be the token that it holds, such as "$(cat FILE)".`);
  }
  // RFC 6750, section 2.1: b64token.
  if (/^[\w.~+/-]+=*$/.test(token)) return { authorization: `Bearer ${token}` };
  throw new UsageError(`${place}: this is not a token. artesian token mint makes one.`);
}
