import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { APP_ISSUER, type Authorization } from "../../core/matching/authorization.ts";
import { HubError } from "../../core/errors.ts";
import { within } from "../../core/scheduler.ts";
import type { Matcher } from "../../core/matching/matcher.ts";
import { checked, checkOptions, filledText, flag, list, record } from "../../option-schema.ts";

/** The framework's own request, with everything that middleware put on it. */
export type AppRequest = IncomingMessage | Request;

/** A topic, meant exactly, or a matcher. */
export type TopicGrant = string | Matcher;

/** Who sends a request, and what the sender may do. */
export interface Rights {
  /**
   * The user's id, which `hub.disconnect({ subject })` and `hub.reauthorize({ subject })` take.
   * Required unless `anonymous` is true.
   */
  readonly subject?: string | undefined;
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

/** The application's answer. `undefined` or `null`: nobody, who is refused. */
export type RightsAnswer = Rights | null | undefined;

/** The application's decision about a request. */
export type Authorize = (request: AppRequest) => RightsAnswer | Promise<RightsAnswer>;

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

const SCHEMA = record(
  {
    subject: filledText(),
    subscribe: TOPICS,
    publish: TOPICS,
    until: checked(isTime, "a Date, or milliseconds since 1970."),
    payload: checked((value) => typeof value === "object" && value !== null && !Array.isArray(value), "an object."),
    anonymous: flag(),
  },
  '{ subject: "42", subscribe: ["/users/42"] }',
).refine((rights) => (rights as Rights).anonymous === true || (rights as Rights).subject !== undefined, {
  error: () => "has no `subject`, and is not `anonymous`.",
});

/** Asks the application who sends a request. */
export class AppRights {
  readonly #authorize: Authorize;
  readonly #leewayMs: number;
  readonly #maxGrants: number;
  readonly #compile: (matcher: Matcher) => void;

  /**
   * @param options - `leewayMs`: how much later than their end rights are accepted. `maxGrants`:
   *   most topics. `compile`: throws a HubError for an invalid matcher.
   */
  constructor(options: {
    readonly authorize: Authorize;
    readonly leewayMs: number;
    readonly maxGrants: number;
    readonly compile: (matcher: Matcher) => void;
  }) {
    this.#authorize = options.authorize;
    this.#leewayMs = options.leewayMs;
    this.#maxGrants = options.maxGrants;
    this.#compile = options.compile;
  }

  /**
   * Asks about a request.
   *
   * @returns Undefined for an anonymous visitor.
   * @throws HubError `unauthorized` if the application knows nobody. `internal` if the application
   *   throws, answers nothing for 10 seconds, or answers something that is not {@link Rights}.
   */
  async judge(request: AppRequest): Promise<Authorization | undefined> {
    const askedAt = Date.now();
    try {
      const rights = await decided(this.#authorize(request));
      if (rights === undefined || rights === null) throw nobody();
      checkOptions("authorize", SCHEMA, rights);
      return rights.anonymous === true ? undefined : this.read(rights, askedAt, () => this.judge(request));
    } catch (error) {
      if (error instanceof HubError) throw error;
      throw new HubError("internal", "The application could not tell who sends the request. Try again in a moment.", { cause: error });
    }
  }

  /**
   * Makes an authorization of rights.
   *
   * @throws HubError `unauthorized` if they have ended. TypeError for a matcher that selects nothing,
   *   and for too many.
   */
  read(rights: Rights, askedAt: number = Date.now(), askAgain?: Authorization["askAgain"]): Authorization {
    const { subject, subscribe = [], publish = [], until, payload } = rights;
    const untilMs = until === undefined ? Infinity : Number(until);
    if (untilMs <= Date.now()) throw nobody();
    if (subscribe.length + publish.length > this.#maxGrants) {
      throw new TypeError(
        `authorize: the rights have ${subscribe.length + publish.length} topics; at most ${this.#maxGrants} are allowed.`,
      );
    }
    const [mayReceive, mayPublish] = [subscribe.map(toMatcher), publish.map(toMatcher)];
    for (const matcher of [...mayReceive, ...mayPublish]) this.#check(matcher);
    return {
      issuer: APP_ISSUER,
      subject,
      tokenId: undefined,
      issuedAt: askedAt,
      expiresAt: untilMs + this.#leewayMs,
      publish: mayPublish,
      subscribe: mayReceive.length === 0 ? [] : [{ topics: mayReceive, payload: undefined }],
      payload,
      askAgain,
    };
  }

  #check(matcher: Matcher): void {
    try {
      this.#compile(matcher);
    } catch (error) {
      throw new TypeError(`authorize: ${JSON.stringify(matcher)} selects nothing.`, { cause: error });
    }
  }
}

/** The refusal of a request whose sender the application does not know. */
export function nobody(): HubError {
  const retryAfterMs = AWAY_MS.least + Math.random() * (AWAY_MS.most - AWAY_MS.least);
  return new HubError("unauthorized", "The application does not know who sends the request. Log in first.", { retryAfterMs });
}

async function decided(answer: RightsAnswer | Promise<RightsAnswer>): Promise<RightsAnswer> {
  const rights = await within(DECISION_MS, Promise.resolve(answer));
  if (rights === "late") throw new Error(`authorize: there was no answer for ${DECISION_MS / 1000} s.`);
  return rights;
}

/** Reads a grant of the application. */
export function toMatcher(grant: TopicGrant): Matcher {
  return typeof grant === "string" ? { type: "exact", pattern: grant } : grant;
}

/** Whether a value is a {@link TopicGrant}. */
export function isTopicGrant(value: unknown): boolean {
  if (typeof value === "string") return value !== "";
  const { type, pattern } = (value ?? {}) as Partial<Record<keyof Matcher, unknown>>;
  return (type === "exact" || type === "urlpattern") && typeof pattern === "string" && pattern !== "";
}

/** Whether a value is a time for {@link Rights.until}. */
export function isTime(value: unknown): boolean {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  return typeof value === "number" && value >= LEAST_TIME_MS;
}
