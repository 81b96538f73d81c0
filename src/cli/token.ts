import { Option } from "commander";
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
  // RFC 6750, section 2.1: b64token.
  if (/^[\w.~+/-]+=*$/.test(token)) return { authorization: `Bearer ${token}` };
  throw new UsageError(`${flag === undefined ? "ARTESIAN_TOKEN" : "--token"}: this is not a token. artesian token mint makes one.`);
}
