import type { Authorization } from "../../core/matching/authorization.ts";
import { boundRetry, type RetryRange } from "../../core/update/retry.ts";
import { EVENT_SOURCE_TYPES, isPrintableAscii } from "../../core/update/update.ts";
import { HubError } from "../../core/errors.ts";
import { prefersJson } from "../reply/accept.ts";
import { readBody } from "../body/body.ts";
import type { HttpContext } from "../context.ts";
import type { HubRequest } from "../request.ts";
import { isKnownField, isNearlyPrivate, meantField, quoteName } from "../body/field-names.ts";
import { readIdempotencyKey } from "../body/idempotency-key.ts";
import type { Reply } from "../reply/reply.ts";
import { type ParsedUpdates, parsingUpdates } from "../body/update-body.ts";

/**
 * Publishes the updates of a request: one as a form or a JSON object, or an atomic batch as a JSON
 * array or NDJSON.
 *
 * @param authorization - The grants of the publisher's token. Undefined if anyone may publish.
 * @returns The event id, or one a line for a batch. JSON if the request prefers JSON to text.
 * @throws HubError with the remedy. Nothing was published.
 * @see docs/reference/protocol.md, "Publish"; Mercure, "Publication".
 */
export async function publish(
  { hub, reservedTopics }: Pick<HttpContext, "hub" | "reservedTopics">,
  request: Pick<HubRequest, "header" | "query" | "readBody" | "span">,
  authorization: Authorization | undefined,
): Promise<Reply> {
  checkQuery(request.query);
  // The token was checked before. A client without the right to publish must not make the hub read
  // a body.
  const body = await readBody(request, hub.limits.bodyBytes);
  // To the end, even if the peer has left: some publishers do not wait for the answer.
  const parsed = await hub.requestWork.run(parsingUpdates(request.header("content-type"), body, hub.limits));
  reservedTopics.check(parsed.updates);
  const key = readIdempotencyKey(request.header("idempotency-key"));
  const ids = await hub.publisher.publishFor(authorization, parsed.updates, key, undefined, request.span);
  const isJson = prefersJson(request.header("accept"), "text/plain");
  const warning = warningOf(parsed, hub.publishedRetryMs);
  const common = isJson ? JSON_HEADERS : TEXT_HEADERS;
  const headers = warning === undefined ? common : { ...common, "Artesian-Warning": warning };
  if (!isJson) return { status: 200, headers, body: ids.join("\n") };
  const answer = parsed.isBatch ? { ids } : { id: ids[0] };
  return { status: 200, headers, body: `${JSON.stringify(answer)}\n` };
}

/** Header fields of the answer to a publish. Shared, so that an answer makes no object. */
const TEXT_HEADERS = { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" };
const JSON_HEADERS = { ...TEXT_HEADERS, "Content-Type": "application/json" };

/**
 * Refuses a field of the update in the URL, where it is not read. With `?private=on` the update
 * would be public.
 */
function checkQuery(query: string): void {
  if (query === "") return;
  for (const name of new URLSearchParams(query).keys()) {
    if (!isKnownField(name) && !isNearlyPrivate(name)) continue;
    throw new HubError("invalid_body", `The URL has a field ${quoteName(name)}, which is not read there. Put all fields in the body.`);
  }
}

/** Most unknown fields that the warning names. */
const NAMED_FIELDS = 5;

/**
 * Describes accepted details that are probably mistakes.
 *
 * @returns Printable ASCII. Undefined if there are none.
 */
function warningOf({ updates, unknownFields }: ParsedUpdates, retryMs: RetryRange): string | undefined {
  const warnings: string[] = [];
  for (const name of [...unknownFields].slice(0, NAMED_FIELDS)) {
    const meant = meantField(name);
    warnings.push(`Unknown field ${quoteName(name)}${meant === undefined ? "." : `: did you mean ${JSON.stringify(meant)}?`}`);
  }
  if (unknownFields.size > NAMED_FIELDS) warnings.push(`And ${unknownFields.size - NAMED_FIELDS} more.`);
  for (const type of EVENT_SOURCE_TYPES) {
    if (updates.some((update) => update.type === type))
      warnings.push(
        `EventSource has an event ${JSON.stringify(type)} of its own: its listeners get these updates too. Choose another type.`,
      );
  }
  if (updates.some(({ retry }) => retry !== undefined && boundRetry(retry, retryMs) !== retry))
    warnings.push(`A retry below ${retryMs.min} or above ${retryMs.max} reaches subscribers as that bound.`);
  if (updates.some(({ id }) => id !== undefined && !isPrintableAscii(id)))
    warnings.push("An event id is not ASCII: some clients can't resume from it.");
  return warnings.length === 0 ? undefined : warnings.join(" ");
}
