import { type AppRights, isTime, isTopicGrant, nobody, type Rights, toMatcher, type TopicGrant } from "../auth/app-rights.ts";
import { parseForm } from "../body/form.ts";
import type { HttpContext } from "../context.ts";
import { checked, checkOptions, filledText, flag, record, whole } from "../../option-schema.ts";
import { MAX_INTERVAL_MS } from "../../core/matching/pace.ts";
import type { HubRequest } from "../request.ts";
import type { StreamReply } from "../reply/reply.ts";
import { begin, CURSOR_NAMES, parseSubscription } from "./subscribe.ts";

/** A stream that the application decides on. The client chooses nothing but its cursor. */
export interface ChosenStream extends Pick<Rights, "until" | "payload"> {
  /** Topics and matchers whose updates are sent, private ones too. At least one. */
  readonly match: TopicGrant | readonly TopicGrant[];
  /** The user's id, for `hub.disconnect({ subject })`. Default: none. */
  readonly subject?: string | undefined;
  /** Number of past updates to begin with, for each matcher. Default 0. */
  readonly last?: number | undefined;
  /** Least time between two updates, in milliseconds. Default 0. */
  readonly intervalMs?: number | undefined;
  /** Whether only the newest update of each topic is sent. Default false. */
  readonly latest?: boolean | undefined;
  /** Whether each event names its topics. Default false. */
  readonly topics?: boolean | undefined;
}

const SCHEMA = record(
  {
    match: checked(
      (value) => [value].flat().length > 0 && [value].flat().every(isTopicGrant),
      'at least one topic ("/users/42") or matcher ({ type: "urlpattern", pattern: "/rooms/*" }), alone or in a list.',
    ),
    subject: filledText(),
    until: checked(isTime, "a Date, or milliseconds since 1970."),
    payload: checked((value) => typeof value === "object" && value !== null && !Array.isArray(value), "an object."),
    last: whole([0, 1_000_000], "updates"),
    intervalMs: whole([0, MAX_INTERVAL_MS], "milliseconds"),
    latest: flag(),
    topics: flag(),
  },
  '{ match: "/users/42" }',
  ["match"],
);

/** Parameters that a client of such a stream may send: its cursor, and how long it waits for a poll. */
const CLIENT_NAMES: ReadonlySet<string> = new Set([...CURSOR_NAMES, "wait"]);

/**
 * Checks the application's choice.
 *
 * @throws TypeError that lists every fault.
 */
export function checkChosen(chosen: ChosenStream | undefined): void {
  if (chosen !== undefined) checkOptions("stream", SCHEMA, chosen);
}

/**
 * Answers with the stream that the application has chosen.
 *
 * @param chosen - Undefined: the application knows nobody.
 * @throws HubError `unauthorized` for nobody, and as `subscribe`.
 */
export async function streamChosen(
  context: HttpContext,
  request: HubRequest,
  appRights: AppRights,
  chosen: ChosenStream | undefined,
): Promise<StreamReply> {
  request.admit();
  if (chosen === undefined) throw nobody();
  const matchers = [chosen.match].flat().map(toMatcher);
  const { subject, until, payload } = chosen;
  const authorization = appRights.read({ subject, until, payload, subscribe: matchers });
  const query = new URLSearchParams(matchers.map(({ type, pattern }) => [`match_${type}`, pattern]));
  if (chosen.last !== undefined) query.set("last", String(chosen.last));
  if (chosen.intervalMs !== undefined) query.set("interval", String(chosen.intervalMs));
  if (chosen.latest === true) query.set("latest", "on");
  if (chosen.topics === true) query.set("fields", "topics");
  for (const [name, value] of parseForm(request.query, context.hub.limits.formFields)) {
    if (CLIENT_NAMES.has(name)) query.append(name, value);
  }
  const { address, pathname, framing } = request;
  const asked = {
    address,
    pathname,
    framing,
    query: query.toString(),
    header: (name: string) => request.header(name),
    isGone: () => request.isGone(),
  };
  return begin(context, request, await parseSubscription(context, asked, "", authorization), authorization);
}
