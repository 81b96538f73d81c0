import type { z } from "zod";
import {
  type AppRights,
  decided,
  isTime,
  isTopicGrant,
  type Nobody,
  PAYLOAD,
  type Rights,
  SUBJECT,
  toMatcher,
  type TopicGrant,
} from "../auth/app-rights.ts";
import { HubError } from "../../core/errors.ts";
import type { Authorization } from "../../core/matching/authorization.ts";
import { parseForm } from "../body/form.ts";
import type { HttpContext } from "../context.ts";
import type { HubRequest } from "../request.ts";
import type { Limits } from "../../core/limits.ts";
import { checked, checkOptions, flag, record, whole } from "../../option-schema.ts";
import { MAX_INTERVAL_MS, MIN_INTERVAL_MS } from "../../core/matching/pace.ts";
import type { SubjectId } from "../../core/streams/subjects.ts";
import { monotonicMs } from "../../core/scheduler.ts";
import type { StreamReply } from "../reply/reply.ts";
import { begin, parseSubscription } from "./subscribe.ts";
import { CURSOR_NAMES } from "./subscribe-parameters.ts";

/**
 * A stream that the application decides on. The client chooses its cursor alone, and so may read the
 * history of these topics as far as the journal holds it.
 */
export interface ChosenStream extends Pick<Rights, "until" | "payload"> {
  /** Topics and matchers whose updates are sent, private ones too. At least one. */
  readonly match: TopicGrant | readonly TopicGrant[];
  /** The user's id, for `hub.disconnect({ subject })`. Default: none. */
  readonly subject?: SubjectId | undefined;
  /** Number of past updates to begin with, for each matcher. Default 0. */
  readonly last?: number | undefined;
  /** Least time between two updates, in milliseconds. Default: none. */
  readonly intervalMs?: number | undefined;
  /** Whether only the newest update of each topic is sent. Default false. */
  readonly latest?: boolean | undefined;
  /** Whether each event names its topics. Default false. */
  readonly topics?: boolean | undefined;
}

/** The application's choice, or a function that makes it, which may look something up. */
export type StreamChoice = ChosenStream | Nobody | (() => ChosenStream | Nobody | Promise<ChosenStream | Nobody>);

/** Parameters that a client of such a stream may send: its cursor, and how long it waits for a poll. */
const CLIENT_NAMES: ReadonlySet<string> = new Set([...CURSOR_NAMES, "wait"]);

/** Methods that open a stream. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "QUERY"]);

/** Streams at routes of the application's own. */
export class ChosenStreams {
  readonly #rights: AppRights;
  readonly #schema: z.ZodType;

  constructor(rights: AppRights, limits: Pick<Limits, "snapshotUpdates">) {
    this.#rights = rights;
    this.#schema = record(
      {
        match: checked(
          (value) => [value].flat().length > 0 && [value].flat().every(isTopicGrant),
          'at least one topic ("/users/42") or matcher ({ type: "urlpattern", pattern: "/rooms/*" }), alone or in a list.',
        ),
        subject: SUBJECT,
        until: checked(isTime, "a Date, or milliseconds since 1970."),
        payload: PAYLOAD,
        last: whole([0, limits.snapshotUpdates], "updates"),
        intervalMs: whole([MIN_INTERVAL_MS, MAX_INTERVAL_MS], "milliseconds"),
        latest: flag(),
        topics: flag(),
      },
      '{ match: "/users/42" }',
      ["match"],
    );
  }

  /**
   * Checks the application's choice.
   *
   * @throws TypeError that lists every fault.
   */
  check(choice: StreamChoice): void {
    if (!choice || typeof choice === "function") return;
    checkOptions("stream", this.#schema, choice);
    this.#rights.check("stream", [choice.match].flat());
  }

  /**
   * Answers with the stream that the application has chosen.
   *
   * @param choice - Nobody: the application does not know who asks.
   * @throws HubError `method_not_allowed`, `unauthorized` for nobody, `internal` if the function fails, and as `subscribe`.
   */
  async open(context: HttpContext, request: HubRequest, choice: StreamChoice): Promise<StreamReply> {
    if (!METHODS.has(request.method)) {
      throw new HubError("method_not_allowed", "This address has a stream. Ask for it with GET.");
    }
    request.admit();
    const [chosen, authorization] = await this.#decide(typeof choice === "function" ? choice : () => choice);
    const asked = {
      address: request.address,
      pathname: request.pathname,
      framing: request.framing,
      query: queryOf(chosen, request.query, context.hub.limits.formFields),
      header: (name: string) => request.header(name),
      isGone: () => request.isGone(),
    };
    return begin(context, request, await parseSubscription(context, asked, "", authorization), authorization);
  }

  async #decide(
    ask: () => ChosenStream | Nobody | Promise<ChosenStream | Nobody>,
  ): Promise<readonly [chosen: ChosenStream, authorization: Authorization]> {
    const askedAtMs = monotonicMs();
    const chosen = await decided("stream", ask, (answer) => this.check(answer));
    const { subject, until, payload } = chosen;
    const rights = { subject, until, payload, subscribe: [chosen.match].flat() };
    return [chosen, this.#rights.read(rights, askedAtMs, async () => (await this.#decide(ask))[1])];
  }
}

/** The query of a subscription, with what a client may say. */
function queryOf(chosen: ChosenStream, asked: string, maxFields: number): string {
  const matchers = [chosen.match].flat().map(toMatcher);
  const query = new URLSearchParams(matchers.map(({ type, pattern }) => [`match_${type}`, pattern]));
  if (chosen.last !== undefined) query.set("last", String(chosen.last));
  if (chosen.intervalMs !== undefined) query.set("interval", String(chosen.intervalMs));
  if (chosen.latest === true) query.set("latest", "on");
  if (chosen.topics === true) query.set("fields", "topics");
  for (const [name, value] of parseForm(asked, maxFields)) {
    if (CLIENT_NAMES.has(name)) query.append(name, value);
  }
  return query.toString();
}
