import type { Action, SubscribeGrant } from "../../core/matching/authorization.ts";
import { HubError } from "../../core/errors.ts";
import type { Matcher } from "../../core/matching/matcher.ts";
import { utf8Length } from "../../core/update/update.ts";
import type { Passed } from "./checks.ts";
import { freezeObject, isObject, type JsonObject, member } from "./json.ts";
import { quote, Refusal } from "./refusal.ts";
import type { AuthorizerOptions } from "./types.ts";

/** The `type` of details for a Mercure hub. */
export const DETAIL_TYPE = "https://mercure.rocks/authorization-detail";

/** The grants in a token's details. */
export interface Grants {
  readonly publish: readonly Matcher[];
  readonly subscribe: readonly SubscribeGrant[];
  /** Payload that presence shows for every subscription. Only in tokens of Mercure 0.x. */
  readonly payload?: unknown;
}

/**
 * Reads the details for a hub, all or none: "partial acceptance is forbidden because it would
 * silently alter the effective authorization of the token".
 *
 * @param details - Details of any type. Those of other types are ignored.
 * @throws Refusal with the mistake and its place.
 * @see Mercure, "Authorization Details", "Topic Matcher List" and "Payloads".
 */
export function readGrants(details: readonly JsonObject[], options: Pick<AuthorizerOptions, "limits" | "compilePattern">): Passed<Grants> {
  const publish: Matcher[] = [];
  const subscribe: SubscribeGrant[] = [];
  let left = options.limits.grantsPerToken;
  for (const [index, detail] of details.entries()) {
    const where = `authorization_details[${index}]`;
    const type = member(detail, "type");
    if (typeof type !== "string") throw new Refusal(`${where}: type is ${quote(type)}; it must be a string.`);
    if (type !== DETAIL_TYPE) continue;
    const actions = readActions(detail, where);
    const topics = member(detail, "topics");
    if (!Array.isArray(topics) || topics.length === 0) throw new Refusal(`${where}: topics must be an array with at least one entry.`);
    left -= topics.length;
    if (left < 0) throw new Refusal(`The token has more than ${options.limits.grantsPerToken} topics.`);
    const matchers = topics.map((topic: unknown, position) => readMatcher(topic, `${where}.topics[${position}]`, options));
    const payload = readPayload(detail, where);
    if (actions.has("publish")) publish.push(...matchers);
    if (actions.has("subscribe")) subscribe.push({ topics: matchers, payload });
  }
  // Copies have no spare capacity, and thousands may be kept.
  return { value: { publish: [...publish], subscribe: [...subscribe] }, describe: () => describeGrants(publish, subscribe) };
}

/** Unknown actions grant nothing and do no harm. Later specifications may define more. */
function readActions(detail: JsonObject, where: string): ReadonlySet<Action> {
  const actions = member(detail, "actions");
  if (!Array.isArray(actions) || actions.length === 0 || !actions.every((action) => typeof action === "string")) {
    throw new Refusal(`${where}: actions must be an array of strings with at least one entry.`);
  }
  return new Set(actions.filter((action): action is Action => action === "publish" || action === "subscribe"));
}

function readMatcher(
  topic: unknown,
  where: string,
  { limits, compilePattern }: Pick<AuthorizerOptions, "limits" | "compilePattern">,
): Matcher {
  if (!isObject(topic)) throw new Refusal(`${where} is not an object. Write {"match": "TOPIC"}.`);
  const pattern = member(topic, "match");
  if (typeof pattern !== "string") throw new Refusal(`${where}: match is ${quote(pattern)}; it must be a string.`);
  const type = Object.hasOwn(topic, "match_type") ? topic["match_type"] : "exact";
  if (type !== "exact" && type !== "urlpattern") {
    throw new Refusal(`${where}: match_type is ${quote(type)}; it must be "exact" or "urlpattern".`);
  }
  if (utf8Length(pattern) > limits.topicBytes) throw new Refusal(`${where}: match is longer than ${limits.topicBytes} bytes.`);
  const matcher: Matcher = { type, pattern };
  try {
    compilePattern(matcher);
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    throw new Refusal(`${where}: ${error.message}`, { cause: error });
  }
  return matcher;
}

function readPayload(detail: JsonObject, where: string): JsonObject | undefined {
  if (!Object.hasOwn(detail, "payload")) return undefined;
  const payload = detail["payload"];
  if (!isObject(payload)) throw new Refusal(`${where}: payload is ${quote(payload)}; it must be an object.`);
  return freezeObject(payload);
}

/** The grants in words. */
export function describeGrants(publish: readonly Matcher[], subscribe: readonly SubscribeGrant[]): string {
  const list = (matchers: readonly Matcher[]): string =>
    matchers.length === 0 ? "nothing" : matchers.map(({ type, pattern }) => `${type} ${quote(pattern)}`).join(", ");
  return `publish: ${list(publish)}; subscribe: ${list(subscribe.flatMap((grant) => grant.topics))}.`;
}
