import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { APP_ISSUER, type Authorization } from "../../core/matching/authorization.ts";
import { HubError } from "../../core/errors.ts";
import { monotonicMs, within } from "../../core/scheduler.ts";
import type { Matcher } from "../../core/matching/matcher.ts";
import { isSubjectId, type SubjectId } from "../../core/streams/subjects.ts";
import { isObject } from "./json.ts";
import { checked, checkOptions, flag, list, record } from "../../option-schema.ts";

/** The framework's own request, with everything that middleware put on it. */
export type AppRequest = IncomingMessage | Request;

/**
 * A topic, meant exactly, or a matcher. The text `*` is refused, since a room of that name would be
 * all topics: write `{ type: "urlpattern", pattern: "*" }` for these.
 */
export type TopicGrant = string | Matcher;

/** Who sends a request, and what the sender may do. */
export interface Rights {
  /**
   * The user's id, which `hub.disconnect({ subject })` and `hub.reauthorize({ subject })` take.
   * Required unless `anonymous` is true.
   */
  readonly subject?: SubjectId | undefined;
  /** Topics whose private updates the user receives. Default: none. */
  readonly subscribe?: readonly TopicGrant[] | undefined;
  /**
   * Topics that the user's requests may publish to, from pages of the hub's own origin or of
   * `publishOrigins`. Such updates are always private. Default: none.
   */
  readonly publish?: readonly TopicGrant[] | undefined;
  /**
   * When the rights end: a `Date`, or milliseconds since 1970. The hub asks again half a minute
   * before. Default: with the stream, after `lifetimeMs` at most.
   */
  readonly until?: Date | number | undefined;
  /** Shown by presence for the user's subscriptions. A JSON object. */
  readonly payload?: Readonly<Record<string, unknown>> | undefined;
  /** Whether this is a visitor without an account, who receives public updates only. */
  readonly anonymous?: boolean | undefined;
}

/** What stands for nobody: every falsy value, so that `user && { subject: user.id }` will do. */
export type Nobody = undefined | null | false | "" | 0;

/** The application's answer. Nobody is refused. */
export type RightsAnswer = Rights | Nobody;

/** Longest wait for the application's decision, in milliseconds. */
const DECISION_MS = 10_000;
/**
 * Range in milliseconds of the delay after which an `EventSource` without a session comes back. Its
 * user may have logged in by then.
 */
const AWAY_MS = { least: 10_000, most: 30_000 };

/** Any earlier number must be seconds. As milliseconds it would be in 1973. */
const LEAST_TIME_MS = 100_000_000_000;

/** Schema of grants. */
export const TOPICS: z.ZodType = list(
  checked(isTopicGrant, 'a topic, such as "/users/42", or a matcher, such as { type: "urlpattern", pattern: "/rooms/*" }.'),
  '["/users/42"]',
);

/** Schema of {@link SubjectId}. */
export const SUBJECT: z.ZodType = checked(isSubjectId, "the user's id, a text or a whole number.");

/** Schema of a payload. */
export const PAYLOAD: z.ZodType = checked(isJsonObject, "an object of JSON.");

const SCHEMA = record(
  {
    subject: SUBJECT,
    subscribe: TOPICS,
    publish: TOPICS,
    until: checked(isTime, "a Date, or milliseconds since 1970."),
    payload: PAYLOAD,
    anonymous: flag(),
  },
  '{ subject: "42", subscribe: ["/users/42"] }',
).refine((rights) => (rights as Rights).anonymous === true || (rights as Rights).subject !== undefined, {
  error: () => "has no `subject`, and is not `anonymous`.",
});

/** Turns what the application says of a request into an authorization. */
export class AppRights {
  readonly #leewayMs: number;
  readonly #maxGrants: number;
  readonly #compile: (matcher: Matcher) => void;

  /**
   * @param options - `leewayMs`: how much later than their end rights are accepted. `maxGrants`:
   *   most topics. `compile`: throws a HubError for an invalid matcher.
   */
  constructor(options: { readonly leewayMs: number; readonly maxGrants: number; readonly compile: (matcher: Matcher) => void }) {
    this.#leewayMs = options.leewayMs;
    this.#maxGrants = options.maxGrants;
    this.#compile = options.compile;
  }

  /**
   * Asks the application.
   *
   * @param ask - Asks about one request, also later.
   * @returns Undefined for an anonymous visitor.
   * @throws HubError `unauthorized` if the application knows nobody. `internal` if the application
   *   throws, answers nothing for 10 seconds, or answers something that is not {@link Rights}.
   */
  async judge(ask: () => RightsAnswer | Promise<RightsAnswer>): Promise<Authorization | undefined> {
    const askedAtMs = monotonicMs();
    const rights = await decided("authorize", ask, (answer) => {
      checkOptions("authorize", SCHEMA, answer);
      this.check("authorize", [...(answer.subscribe ?? []), ...(answer.publish ?? [])]);
    });
    return rights.anonymous === true ? undefined : this.read(rights, askedAtMs, () => this.judge(ask));
  }

  /**
   * Checks topics.
   *
   * @param where - What has them, for the error.
   * @throws TypeError for too many, and for a matcher that selects nothing.
   */
  check(where: string, topics: readonly TopicGrant[]): void {
    if (topics.length > this.#maxGrants) {
      throw new TypeError(`${where}(): there are ${topics.length} topics; at most ${this.#maxGrants} are allowed.`);
    }
    for (const matcher of topics.map(toMatcher)) {
      try {
        this.#compile(matcher);
      } catch (error) {
        throw new TypeError(`${where}(): ${JSON.stringify(matcher)} selects nothing.`, { cause: error });
      }
    }
  }

  /**
   * Makes an authorization of rights that were checked.
   *
   * @param askedAtMs - When the application was asked, by the monotonic clock.
   * @throws HubError `unauthorized` if they have ended.
   */
  read(rights: Rights, askedAtMs: number, askAgain?: Authorization["askAgain"]): Authorization {
    const { subject, subscribe = [], publish = [], until, payload } = rights;
    const untilMs = until === undefined ? Infinity : Number(until);
    if (untilMs <= Date.now()) throw nobody();
    return {
      issuer: APP_ISSUER,
      subject: subject === undefined ? undefined : String(subject),
      tokenId: undefined,
      issuedAt: undefined,
      askedAtMs,
      expiresAt: untilMs + this.#leewayMs,
      publish: publish.map(toMatcher),
      subscribe: subscribe.length === 0 ? [] : [{ topics: subscribe.map(toMatcher), payload: undefined }],
      payload,
      askAgain,
    };
  }
}

/** Makes the refusal of a request whose sender the application does not know. */
export function nobody(): HubError {
  const retryAfterMs = AWAY_MS.least + Math.random() * (AWAY_MS.most - AWAY_MS.least);
  return new HubError("unauthorized", "The application does not know who sends the request. Log in first.", { retryAfterMs });
}

/**
 * Waits for the application's answer, and checks it.
 *
 * @param where - What was asked, for the error.
 * @param check - Throws for a faulty answer.
 * @throws HubError `unauthorized` for nobody, else `internal`: whatever fails in the application is
 *   not for its users.
 */
export async function decided<T>(where: string, ask: () => T | Nobody | Promise<T | Nobody>, check: (answer: T) => void): Promise<T> {
  let answer: T | Nobody | "late";
  try {
    answer = await within(DECISION_MS, Promise.resolve(ask()));
    if (answer === "late") throw new Error(`${where}(): there was no answer for ${DECISION_MS / 1000} s.`);
    if (answer) check(answer);
  } catch (error) {
    throw new HubError("internal", "The application could not tell who sends the request. Try again in a moment.", { cause: error });
  }
  if (!answer) throw nobody();
  return answer;
}

/** Reads a grant of the application. */
export function toMatcher(grant: TopicGrant): Matcher {
  return typeof grant === "string" ? { type: "exact", pattern: grant } : grant;
}

/** Whether a value is a {@link TopicGrant}. */
export function isTopicGrant(value: unknown): boolean {
  if (typeof value === "string") return value !== "" && value !== "*";
  const { type, pattern } = (value ?? {}) as Partial<Record<keyof Matcher, unknown>>;
  return (type === "exact" || type === "urlpattern") && typeof pattern === "string" && pattern !== "";
}

/** Whether a value is a time for {@link Rights.until}. */
export function isTime(value: unknown): boolean {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  return typeof value === "number" && value >= LEAST_TIME_MS;
}

function isJsonObject(value: unknown): boolean {
  if (!isObject(value)) return false;
  try {
    return JSON.stringify(value).startsWith("{");
  } catch {
    return false;
  }
}
