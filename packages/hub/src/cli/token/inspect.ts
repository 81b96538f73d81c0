import type { Action } from "../../core/matching/authorization.ts";
import type { Verdict } from "../../http/auth/index.ts";
import type { Config } from "../config/config.ts";
import { authorizerOf, resourceIdentifierOf } from "../keys/authorizer.ts";
import { issuerOptions, trustedIssuers } from "../keys/trusted.ts";
import { type Output, style, type Styled } from "../terminal.ts";
import { noKey } from "./no-key.ts";

/** The uses of a token, in words. */
const USES: Readonly<Record<Action, string>> = { publish: "publishing", subscribe: "subscribing" };

/**
 * Prints each check of a token with its verdict.
 *
 * @param action - The intended use. Undefined for either.
 * @returns Whether the token is accepted for that use.
 * @throws UsageError when the settings have no key.
 */
export async function inspect(config: Config, token: string, action: Action | undefined, output: Output): Promise<boolean> {
  const { issuers } = trustedIssuers(config);
  if (issuers.length === 0) throw noKey(config);
  const authorizer = authorizerOf(issuerOptions(issuers), resourceIdentifierOf(config), config);
  const actions: readonly Action[] = action === undefined ? ["publish", "subscribe"] : [action];
  let accepted = false;
  const told = new Set<string>();
  for (const one of actions) {
    const verdicts = await authorizer.explain(token, one);
    const lines = render(verdicts);
    // A line that is the same for both uses is printed once.
    for (const line of lines) if (!told.has(textOf(line))) await output.line(line);
    told.clear();
    for (const line of lines) told.add(textOf(line));
    const ok = verdicts.every((verdict) => verdict.ok);
    // A subscriber without a topic gets public updates. A publisher without a topic can do nothing.
    const useless = ok && one === "publish" && (await authorizer.verify(token, one)).publish.length === 0;
    accepted ||= ok && !useless;
    const result = useless ? "refused for publishing: it allows no topic" : `${ok ? "accepted" : "refused"} for ${USES[one]}`;
    await output.line(style("bold", result));
  }
  return accepted;
}

type VerdictLine = readonly [verdict: Styled | string, rest: string];

function textOf([verdict, rest]: VerdictLine): string {
  return (typeof verdict === "string" ? verdict : verdict.text) + rest;
}

function render(verdicts: readonly Verdict[]): readonly VerdictLine[] {
  const width = Math.max(...verdicts.map(({ check }) => check.length));
  return verdicts.map(({ check, ok, detail }) => {
    const verdict = ok ? style("green", "ok      ") : style("red", "refused ");
    return [detail.startsWith("Not checked") ? "-       " : verdict, ` ${check.padEnd(width)}  ${printable(detail)}`];
  });
}

/**
 * Escapes control characters. A token's own text could move the cursor, or overwrite the verdict.
 */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
