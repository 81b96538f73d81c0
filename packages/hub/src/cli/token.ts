import { Option } from "commander";
import { looksLikePath } from "../http/auth/mistaken-secret.ts";
import { UsageError } from "./errors.ts";

/** `--token`, the same for every command that talks to a hub. */
export function tokenOption(): Option {
  return new Option(
    "--token <token>",
    "access token, as artesian token mint makes it; other users of the machine see it less in ARTESIAN_TOKEN",
  );
}

/**
 * The header that carries a token. A URL ends up in logs and histories, so it is never there.
 *
 * @param flag - The value of `--token`.
 * @returns No header when there is no token.
 * @throws UsageError that names where a token that can't be one was given, without repeating it.
 */
export function bearerHeaders(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const token = (flag ?? env.ARTESIAN_TOKEN ?? "").trim();
  if (token === "" && flag === undefined) return {};
  const place = flag === undefined ? "ARTESIAN_TOKEN" : "--token";
  // Sent as it is, it would be refused by the hub, after the hub has read where secrets are kept here.
  if (looksLikePath(token) || /^file:/i.test(token)) {
    throw new UsageError(`${place}: this is the path of a file, and must be the token that it holds, such as "$(cat FILE)".`);
  }
  // RFC 6750, section 2.1: b64token.
  if (/^[\w.~+/-]+=*$/.test(token)) return { authorization: `Bearer ${token}` };
  throw new UsageError(`${place}: this is not a token. artesian token mint makes one.`);
}
