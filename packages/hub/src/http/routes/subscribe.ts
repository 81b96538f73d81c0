import type { Authorization } from "../../core/matching/authorization.ts";
import { HubError } from "../../core/errors.ts";
import { isPattern, type Matcher, type MatcherType, patternKeys } from "../../core/matching/matcher.ts";
import { MAX_INTERVAL_MS, MIN_INTERVAL_MS, type Pace } from "../../core/matching/pace.ts";
import type { Selection } from "../../core/matching/selection.ts";
import type { Start } from "../../core/replay/start.ts";
import { readBody } from "../body/body.ts";
import type { Compat } from "../compat/names.ts";
import type { HttpContext } from "../context.ts";
import type { HubRequest } from "../request.ts";
import { quoteName } from "../body/field-names.ts";
import { checkingFields, decodeUtf8, parseForm, parsingForm } from "../body/form.ts";
import { holdsInflated, takesGzip } from "../reply/gzip.ts";
import { prefersJson } from "../reply/accept.ts";
import { ALIAS_PATH, decodeHeader, encodeHeader, POLL_HEADERS, type Poll, STREAM_HEADERS, type StreamReply } from "../reply/reply.ts";
import { mediaTypeOf } from "../body/update-body.ts";
import { CURSOR_NAMES, MATCH_TYPES, PACING_NAMES, WAIT_MS } from "./subscribe-parameters.ts";

/**
 * The topic parameter of Mercure 0.x, and common variants. If ignored, it would select every topic
 * at the alias.
 */
const TOPIC = /^topics?(?:\[.*\])?$/is;

const MATCHER_TYPES: ReadonlyMap<string, MatcherType> = new Map(Object.entries(MATCH_TYPES));
const PACING: ReadonlySet<string> = new Set(PACING_NAMES);

/**
 * Answers a subscription with a stream, or a poll with its first updates.
 *
 * @throws HubError As {@link parseSubscription} and `Readers.resolve`.
 */
export async function subscribe(context: HttpContext, request: HubRequest, authorization: Authorization | undefined): Promise<StreamReply> {
  const form = request.method === "QUERY" ? await readForm(context, request) : "";
  return begin(context, request, await parseSubscription(context, request, form, authorization), authorization);
}

/**
 * Finds where a subscription begins.
 *
 * @throws HubError As `Readers.resolve`.
 */
export async function begin(
  context: HttpContext,
  request: HubRequest,
  { selection, lastEventId, hasCursor, last, waitMs }: Subscription,
  authorization: Authorization | undefined,
): Promise<StreamReply> {
  const { hub, compat } = context;
  if (waitMs !== undefined && hub.draining) throw new HubError("draining", "The hub is shutting down. Poll again in a moment.");
  // An answer without a body has no updates, so none are looked up.
  const start = await hub.readers.resolve(lastEventId, selection, request.method === "HEAD" ? 0 : last, {
    address: request.address,
    isGone: () => request.isGone(),
  });
  request.span?.set({
    matchers: selection.matchers.length,
    patterns: selection.matchers.filter(isPattern).length,
    resumed: lastEventId !== undefined,
    gap: start.gap !== undefined,
    poll: waitMs !== undefined,
  });
  const cursorAtStart = hub.readers.cursorAt(start.after);
  const headers = headersOf(
    waitMs === undefined ? STREAM_HEADERS : POLL_HEADERS,
    selection,
    start,
    hasCursor ? cursorAtStart : undefined,
    compat,
  );
  if (waitMs === undefined) return { headers, selection, start, authorization };
  return { headers, selection, start, authorization, poll: pollOf(context, waitMs, selection, start, lastEventId, cursorAtStart) };
}

async function readForm({ hub }: HttpContext, request: HubRequest): Promise<string> {
  if (mediaTypeOf(request.header("content-type")) !== "application/x-www-form-urlencoded") {
    throw new HubError("unsupported_media_type", "The body of a QUERY must be application/x-www-form-urlencoded.");
  }
  const body = await readBody(request, hub.limits.queryBytes);
  await hub.requestWork.run(checkingFields(body, hub.limits.formFields));
  return decodeUtf8(body);
}

/** A subscription as its request describes it. */
export interface Subscription {
  readonly selection: Selection;
  readonly lastEventId: string | undefined;
  readonly hasCursor: boolean;
  readonly last: number;
  /** Longest wait of a poll, in milliseconds. Undefined for a stream. */
  readonly waitMs: number | undefined;
}

/**
 * Reads a subscriber's request.
 *
 * @param form - Further parameters from the body of a QUERY. Empty if there is none.
 * @throws HubError `invalid_pace`, `invalid_fields`, `unknown_matcher`, `invalid_matcher`,
 *   `too_many_matchers`, `missing_matcher`, `too_many_patterns` or `overloaded`.
 * @see docs/reference/protocol.md, "Subscribe"; Mercure, "Subscription".
 */
export async function parseSubscription(
  { hub, compat, connections, arrivals }: Pick<HttpContext, "hub" | "compat" | "connections" | "arrivals">,
  request: Pick<HubRequest, "address" | "query" | "pathname" | "header" | "framing" | "isGone">,
  form: string,
  authorization: Authorization | undefined,
): Promise<Subscription> {
  const { address, query, pathname, framing } = request;
  const field = (name: string): string | undefined => request.header(name);
  const isGone = (): boolean => request.isGone();
  const { formFields } = hub.limits;
  const matchers: Matcher[] = [];
  const pacing = new Map<string, string>();
  const cursors = new Map<string, string>();
  let topicName: string | undefined;
  // The union of both. The query's cursor wins.
  const fields = await hub.requestWork.run(parsingForm(form, formFields), isGone);
  for (const [name, value] of [...parseForm(query, formFields), ...fields]) {
    const type = MATCHER_TYPES.get(name);
    if (type !== undefined) matchers.push({ type, pattern: value });
    else if (name === "topic" && compat !== undefined) matchers.push({ type: "uritemplate", pattern: value });
    else if (TOPIC.test(name)) topicName ??= name;
    else if (/^match/i.test(name)) {
      // The whole namespace is reserved. A misspelt matcher fails instead of selecting nothing.
      throw new HubError(
        "unknown_matcher",
        `The parameter ${quoteName(name)} is none of \`match\`, \`match_exact\` and \`match_urlpattern\`. Correct its spelling.`,
      );
    } else if (CURSOR_NAMES.includes(name) && !cursors.has(name)) cursors.set(name, value);
    else if (PACING.has(name) && !pacing.has(name)) pacing.set(name, value);
  }
  if (matchers.length === 0 && topicName !== undefined) {
    const selects = "Use `match=TOPIC` or `match_urlpattern=PATTERN`";
    throw new HubError(
      "missing_matcher",
      topicName === "topic"
        ? `The parameter "topic" is of Mercure 0.x. ${selects}; or start the hub with \`--compat 0.x\`.`
        : `The parameter ${quoteName(topicName)} selects nothing. ${selects}, once for each.`,
    );
  }
  // A larger number is refused anyway.
  if (matchers.length <= hub.limits.matchersPerSubscription) {
    // Checked before they are compiled.
    const keys = patternKeys(matchers);
    connections.checkPatterns(address, keys);
    arrivals.admitPatterns(address, hub.compiler.countUnknown(keys));
  }
  if (matchers.length === 0 && pathname === ALIAS_PATH) matchers.push({ type: "exact", pattern: "*" });
  const lastEventIdField = field("last-event-id");
  const header = lastEventIdField === undefined ? undefined : decodeHeader(lastEventIdField);
  // "If both … are present, the HTTP header MUST take precedence." PHP's client of 0.x sends an
  // empty header if it has no cursor itself.
  const hasHeader = header !== undefined && (header !== "" || compat === undefined);
  const cursor = hasHeader ? header : CURSOR_NAMES.map((name) => cursors.get(name)).find((value) => value !== undefined);
  const pace: Pace = { intervalMs: readInterval(pacing.get("interval")), latest: readLatest(pacing.get("latest")) };
  const isPoll = prefersJson(field("accept"), "text/event-stream");
  const showsTopics = readFields(pacing.get("fields")) || isPoll;
  const waitMs = isPoll ? readWait(pacing.get("wait")) : undefined;
  const encoding = !isPoll && takesGzip(field("accept-encoding")) && !holdsInflated(field) ? "gzip" : "identity";
  return {
    selection: await hub.requestWork.run(
      hub.readers.selecting(matchers, authorization, { pace, encoding, framing: isPoll ? "none" : framing, showsTopics }),
      isGone,
    ),
    lastEventId: cursor === "" ? undefined : cursor,
    hasCursor: cursor !== undefined,
    last: readLast(pacing.get("last"), hub.limits.snapshotUpdates),
    waitMs,
  };
}

function readInterval(text = "0"): number {
  const ms = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (ms === 0 || (ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS)) return ms;
  throw new HubError(
    "invalid_pace",
    `The \`interval\` is not a whole number of milliseconds from ${MIN_INTERVAL_MS} to ${MAX_INTERVAL_MS}, or 0.`,
  );
}

function readLatest(text = "off"): boolean {
  if (text === "on" || text === "off") return text === "on";
  throw new HubError("invalid_pace", "The `latest` is not `on` or `off`.");
}

/** @returns Whether each event names its topics. */
function readFields(text = ""): boolean {
  if (text === "" || text === "topics") return text === "topics";
  throw new HubError("invalid_fields", "The `fields` is not `topics`, which adds the topics to each event.");
}

/** @returns Milliseconds. */
function readWait(text: string | undefined): number {
  if (text === undefined) return WAIT_MS;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  throw new HubError("invalid_pace", "The `wait` is not a whole number of seconds.");
}

/** Makes the poll of a request. A wait beyond the limit counts as the limit. */
function pollOf(
  { hub, notices }: HttpContext,
  waitMs: number,
  selection: Selection,
  start: Start,
  lastEventId: string | undefined,
  cursorAtStart: string,
): Poll {
  const { pollWaitMs } = hub.limits;
  if (waitMs > pollWaitMs) {
    notices.log("info", "poll wait", { waitMs, limit: pollWaitMs }, "a poll wants to wait longer than it may (pollWaitMs)");
  }
  const mostMs = Math.min(waitMs, pollWaitMs);
  // A client without a cursor gets one at once. Meanwhile it would have no place to go on from.
  if (lastEventId === undefined) return { cursor: cursorAtStart, waitMs: 0, holdMs: 0 };
  // A poll that is far behind would take an interval for each of its answers.
  const isHeld = hub.readers.lagAt(start) < hub.limits.replayUpdates;
  return { cursor: lastEventId, waitMs: mostMs, holdMs: isHeld ? Math.min(mostMs, selection.pace.intervalMs) : 0 };
}

function readLast(text = "0", most: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (count <= most) return count;
  throw new HubError("invalid_pace", `The \`last\` is not a whole number from 0 to ${most}.`);
}

/**
 * The header fields of the stream, or the answer to a poll, that begins at `start`.
 *
 * @param cursorAtStart - Set if a cursor was sent. The cursor to resume from if the sent one was
 *   empty.
 */
function headersOf(
  common: Readonly<Record<string, string>>,
  { encoding }: Selection,
  start: Start,
  cursorAtStart: string | undefined,
  compat: Compat | undefined,
): Record<string, string> {
  const headers: Record<string, string> = { ...common };
  if (encoding === "gzip") headers["Content-Encoding"] = "gzip";
  const lastEventId = start.lastEventId ?? cursorAtStart;
  if (lastEventId !== undefined) {
    headers["Mercure-Last-Event-ID"] = encodeHeader(lastEventId);
    if (compat !== undefined) headers["Last-Event-ID"] = headers["Mercure-Last-Event-ID"];
  }
  return headers;
}
