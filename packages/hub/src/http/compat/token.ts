import { HubError } from "../../core/errors.ts";
import type { Matcher } from "../../core/matching/matcher.ts";
import { checkExpiry, type Passed } from "../auth/checks.ts";
import { describeGrants, type Grants } from "../auth/details.ts";
import { freezeValue, isObject, type JsonObject, member } from "../auth/json.ts";
import type { KeySource } from "../auth/keys.ts";
import { type Clock, quote, Refusal } from "../auth/refusal.ts";
import type { AuthorizerOptions } from "../auth/types.ts";

/**
 * Claims with the grants of a Mercure 0.x token. The first wins. It exists for issuers that can
 * only add claims with a URL as name.
 */
const CLAIMS: readonly string[] = ["https://mercure.rocks/", "mercure"];

/**
 * Checks the type: that of a plain JWT, or none. Tokens of another type, such as `logout+jwt`, are
 * made for other purposes.
 */
export function checkCompatType(header: JsonObject): Passed<true> {
  const type = member(header, "typ");
  if (type !== undefined && !(typeof type === "string" && /^(?:application\/)?jwt$/i.test(type))) {
    throw new Refusal(`The header's typ is ${quote(type)}; it must be "at+jwt", or for a token of Mercure 0.x "JWT" or missing.`);
  }
  return { value: true, describe: () => `The header's typ is ${quote(type)}: a token of Mercure 0.x.` };
}

/**
 * Finds the keys that may have signed. These tokens need no issuer, so any configured key may have.
 * Only a known issuer narrows the choice.
 */
export function findCompatKeys(claims: JsonObject, issuers: ReadonlyMap<string, readonly KeySource[]>): Passed<readonly KeySource[]> {
  const issuer = member(claims, "iss");
  const sources = typeof issuer === "string" ? issuers.get(issuer) : undefined;
  if (sources !== undefined) return { value: sources, describe: () => `iss is ${quote(issuer)}, a trusted issuer.` };
  if (issuers.size === 0) throw new Refusal("No issuer is trusted.");
  return { value: [...issuers.values()].flat(), describe: () => `iss is ${quote(issuer)}; a key of any trusted issuer is accepted.` };
}

/** Checks the expiry, which may be missing. */
export function checkCompatExpiry(claims: JsonObject, clock: Clock): Passed<number> {
  const end = member(claims, "exp");
  if (end !== undefined && end !== null) return checkExpiry(claims, clock);
  return { value: Infinity, describe: () => "There is no exp, so the token never expires." };
}

/**
 * Reads the grants of a Mercure 0.x token. None if the claim is missing, or if the claim or a list
 * in it is empty. PHP writes an empty map as `[]`.
 *
 * @throws Refusal with the mistake.
 */
export function readCompatGrants(claims: JsonObject, options: Pick<AuthorizerOptions, "limits" | "compilePattern">): Passed<Grants> {
  const name = CLAIMS.find((one) => (member(claims, one) ?? undefined) !== undefined) ?? "mercure";
  const claim = member(claims, name) ?? {};
  if (!isObject(claim) && !isEmpty(claim)) throw new Refusal(`${name} is ${quote(claim)}; it must be an object.`);
  const members = isObject(claim) ? claim : {};
  const publish = readSelectors(members, "publish", name, options);
  const topics = readSelectors(members, "subscribe", name, options);
  if (publish.length + topics.length > options.limits.grantsPerToken) {
    throw new Refusal(`The token has more than ${options.limits.grantsPerToken} topics.`);
  }
  const subscribe = topics.length === 0 ? [] : [{ topics, payload: undefined }];
  const payload = member(members, "payload") ?? undefined;
  return {
    value: { publish, subscribe, payload: payload === undefined ? undefined : freezeValue(payload) },
    describe: () => describeGrants(publish, subscribe),
  };
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

function readSelectors(
  claim: JsonObject,
  name: "publish" | "subscribe",
  where: string,
  { limits, compilePattern }: Pick<AuthorizerOptions, "limits" | "compilePattern">,
): readonly Matcher[] {
  const list = member(claim, name) ?? [];
  if (isEmpty(list)) return [];
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === "string")) {
    throw new Refusal(`${where}.${name} is ${quote(list)}; it must be an array of strings.`);
  }
  if (list.length > limits.grantsPerToken) throw new Refusal(`The token has more than ${limits.grantsPerToken} topics.`);
  // PHP turns an empty text into a list, and no topic is empty.
  const matchers = list.filter((pattern) => pattern !== "").map((pattern): Matcher => ({ type: "uritemplate", pattern }));
  for (const matcher of matchers) {
    try {
      compilePattern(matcher);
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      throw new Refusal(`${where}.${name} has ${quote(matcher.pattern)}: ${error.message}`, { cause: error });
    }
  }
  return matchers;
}
