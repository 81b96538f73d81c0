import type { Authorization } from "../../core/matching/authorization.ts";
import { HubError } from "../../core/errors.ts";
import { type Matcher, patternKeys } from "../../core/matching/matcher.ts";
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
import { ALIAS_PATH, decodeHeader, encodeHeader, STREAM_HEADERS, type StreamReply } from "../reply/reply.ts";
import { mediaTypeOf } from "../body/update-body.ts";

/** Names of the cursor in the query: the standard's, then those of older clients and polyfills. */
const CURSOR_NAMES: readonly string[] = ["last_event_id", "lastEventID", "lastEventId", "Last-Event-ID"];

/**
 * The topic parameter of Mercure 0.x, and common variants. If ignored, it would select every topic
 * at the alias.
 */
const TOPIC = /^topics?(?:\[.*\])?$/is;

/** Parameters that spread the updates over time, or choose the first ones. */
const PACING_NAMES: readonly string[] = ["interval", "latest", "last"];

/**
 * Answers a subscription with a stream. @throws HubError As {@link parseSubscription} and
 * `Readers.resolve`.
 */
export async function subscribe(context: HttpContext, request: HubRequest, authorization: Authorization | undefined): Promise<StreamReply> {
  const { hub, compat } = context;
  const form = request.method === "QUERY" ? await readForm(context, request) : "";
  const { selection, lastEventId, hasCursor, last } = await parseSubscription(context, request, form, authorization);
  // An answer without a body has no updates, so none are looked up.
  const start = await hub.readers.resolve(lastEventId, selection, request.method === "HEAD" ? 0 : last, request);
  const headers = streamHeaders(selection, start, hasCursor ? hub.readers.cursorAt(start.after) : undefined, compat);
  return { headers, selection, start, authorization };
}

async function readForm({ hub }: HttpContext, request: HubRequest): Promise<string> {
  if (mediaTypeOf(request.header("content-type")) !== "application/x-www-form-urlencoded") {
    throw new HubError("unsupported_media_type", "The body of a QUERY must be application/x-www-form-urlencoded.");
  }
  const body = await readBody(request, hub.limits.queryBytes);
  await hub.requestWork.run(checkingFields(body, hub.limits.formFields));
  return decodeUtf8(body);
}

/**
 * Reads a subscriber's request.
 *
 * @param form - Further parameters from the body of a QUERY. Empty if there is none.
 * @throws HubError `invalid_pace`, `unknown_matcher`, `invalid_matcher`, `too_many_matchers`,
 *   `missing_matcher`, `too_many_patterns` or `overloaded`.
 * @see docs/reference/protocol.md, "Subscribe"; Mercure, "Subscription".
 */
export async function parseSubscription(
  { hub, compat, connections, arrivals }: Pick<HttpContext, "hub" | "compat" | "connections" | "arrivals">,
  request: Pick<HubRequest, "address" | "query" | "pathname" | "header" | "framing" | "isGone">,
  form: string,
  authorization: Authorization | undefined,
): Promise<{
  readonly selection: Selection;
  readonly lastEventId: string | undefined;
  readonly hasCursor: boolean;
  readonly last: number;
}> {
  const { address, query, pathname, header: field, framing, isGone } = request;
  const { formFields } = hub.limits;
  const matchers: Matcher[] = [];
  const pacing = new Map<string, string>();
  const cursors = new Map<string, string>();
  let topicName: string | undefined;
  // The union of both. The query's cursor wins.
  const fields = await hub.requestWork.run(parsingForm(form, formFields), isGone);
  for (const [name, value] of [...parseForm(query, formFields), ...fields]) {
    if (name === "match" || name === "match_exact") matchers.push({ type: "exact", pattern: value });
    else if (name === "match_urlpattern") matchers.push({ type: "urlpattern", pattern: value });
    else if (name === "topic" && compat !== undefined) matchers.push({ type: "uritemplate", pattern: value });
    else if (TOPIC.test(name)) topicName ??= name;
    else if (/^match/i.test(name)) {
      // The whole namespace is reserved. A misspelt matcher fails instead of selecting nothing.
      throw new HubError(
        "unknown_matcher",
        `The parameter ${quoteName(name)} is none of \`match\`, \`match_exact\` and \`match_urlpattern\`. Correct its spelling.`,
      );
    } else if (CURSOR_NAMES.includes(name) && !cursors.has(name)) cursors.set(name, value);
    else if (PACING_NAMES.includes(name) && !pacing.has(name)) pacing.set(name, value);
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
  const encoding = takesGzip(field("accept-encoding")) && !holdsInflated(field) ? "gzip" : "identity";
  return {
    selection: await hub.requestWork.run(hub.readers.selecting(matchers, authorization, { pace, encoding, framing }), isGone),
    lastEventId: cursor === "" ? undefined : cursor,
    hasCursor: cursor !== undefined,
    last: readLast(pacing.get("last"), hub.limits.snapshotUpdates),
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

function readLast(text = "0", most: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (count <= most) return count;
  throw new HubError("invalid_pace", `The \`last\` is not a whole number from 0 to ${most}.`);
}

/**
 * The header fields of the stream that begins at `start`.
 *
 * @param cursorAtStart - Set if a cursor was sent. The cursor to resume from if the sent one was
 *   empty.
 */
export function streamHeaders(
  { encoding }: Selection,
  start: Start,
  cursorAtStart: string | undefined,
  compat: Compat | undefined,
): Record<string, string> {
  const headers: Record<string, string> = { ...STREAM_HEADERS };
  if (encoding === "gzip") headers["Content-Encoding"] = "gzip";
  const lastEventId = start.lastEventId ?? cursorAtStart;
  if (lastEventId !== undefined) {
    headers["Mercure-Last-Event-ID"] = encodeHeader(lastEventId);
    if (compat !== undefined) headers["Last-Event-ID"] = headers["Mercure-Last-Event-ID"];
  }
  return headers;
}
