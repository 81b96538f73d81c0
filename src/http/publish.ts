import type { Authorization } from "../core/authorization.ts";
import { HubError } from "../core/errors.ts";
import type { HubCore } from "../core/hub-core.ts";
import type { UpdateInput } from "../core/update.ts";
import { decodeUtf8, parseForm } from "./form.ts";
import type { Reply } from "./reply.ts";
import type { ReservedTopics } from "./reserved-topics.ts";

/** A request to publish, in terms of no framework. */
export interface PublishRequest {
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly body: Uint8Array;
}

const NDJSON_TYPES: ReadonlySet<string> = new Set(["application/x-ndjson", "application/ndjson", "application/jsonl"]);

/**
 * Publishes what a request carries: one update as a form or a JSON object, or an atomic batch as a JSON array or
 * NDJSON.
 *
 * @param authorization - What the publisher's token says; undefined where anyone may publish.
 * @param reserved - Topics that nobody publishes on over HTTP, whatever the token says.
 * @returns The event id, or one a line for a batch; JSON where the request accepts that.
 * @throws HubError that says what to change; nothing was published.
 * @see docs/protocol.md, "Publish"; Mercure, "Publication".
 */
export async function publish(
  hub: HubCore,
  request: PublishRequest,
  authorization: Authorization | undefined,
  reserved: ReservedTopics,
): Promise<Reply> {
  const parsed = parseUpdates(request);
  reserved.check(parsed.updates);
  const ids = await hub.publishBatch(parsed.updates, authorization);
  if (request.accept?.includes("application/json")) {
    const body = parsed.isBatch ? { ids } : { id: ids[0] };
    return { status: 200, headers: { "Content-Type": "application/json", "Cache-Control": "no-store" }, body: `${JSON.stringify(body)}\n` };
  }
  return { status: 200, headers: { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" }, body: ids.join("\n") };
}

/** The media type without its parameters; empty where none is given. */
export function mediaTypeOf(contentType: string | undefined): string {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

function parseUpdates({ contentType, body }: PublishRequest): { readonly updates: readonly UpdateInput[]; readonly isBatch: boolean } {
  const mediaType = mediaTypeOf(contentType);
  const text = decodeUtf8(body);
  if (mediaType === "" || mediaType === "application/x-www-form-urlencoded") return { updates: [fromForm(text)], isBatch: false };
  if (mediaType === "application/json") {
    const value = parseJson(text, "The body");
    return Array.isArray(value)
      ? { updates: value.map((item, i) => fromJson(item, `Update ${i + 1}`)), isBatch: true }
      : { updates: [fromJson(value, "The update")], isBatch: false };
  }
  if (NDJSON_TYPES.has(mediaType)) {
    const updates: UpdateInput[] = [];
    for (const [i, line] of text.split("\n").entries()) {
      if (line.trim() !== "") updates.push(fromJson(parseJson(line, `Line ${i + 1}`), `Line ${i + 1}`));
    }
    return { updates, isBatch: true };
  }
  throw new HubError(
    "unsupported_media_type",
    "The body's Content-Type is not one that the hub reads. Send application/x-www-form-urlencoded, application/json or application/x-ndjson.",
  );
}

function fromForm(text: string): UpdateInput {
  const topics: string[] = [];
  const fields = new Map<string, string>();
  for (const [name, value] of parseForm(text)) {
    if (name === "topic") topics.push(value);
    else if (!fields.has(name)) fields.set(name, value);
  }
  const retry = fields.get("retry");
  return {
    topic: topics,
    data: fields.get("data"),
    id: fields.get("id"),
    type: fields.get("type"),
    retry: retry === undefined || retry === "" ? undefined : parseRetry(retry),
    // Present means private, whatever the value: a publisher's typing error must not make an update public.
    private: fields.has("private"),
  };
}

function parseRetry(text: string): number {
  if (!/^\d+$/.test(text)) throw new HubError("invalid_retry", "The retry may have ASCII digits only: a time in milliseconds.");
  return Number(text);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HubError("invalid_body", `${what} is not valid JSON. Check quotes, commas and brackets.`);
  }
}

function fromJson(value: unknown, what: string): UpdateInput {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HubError("invalid_body", `${what} is not a JSON object such as {"topic":"greeting","data":"Hello"}.`);
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const topic = fields.get("topic");
  if (topic === undefined || topic === null) {
    throw new HubError("missing_topic", `${what} has no topic. Add "topic": a string, or an array of them.`);
  }
  if (typeof topic !== "string" && !(Array.isArray(topic) && topic.every((item) => typeof item === "string"))) {
    throw new HubError("invalid_topic", `${what} has a topic that is not a string or an array of strings.`);
  }
  const data = fields.get("data");
  const isPrivate = fields.get("private") ?? false;
  if (typeof isPrivate !== "boolean") throw new HubError("invalid_body", `${what} has a "private" that is not true or false.`);
  return {
    topic,
    data: typeof data === "string" ? data : data === undefined || data === null ? undefined : JSON.stringify(data),
    id: optionalText(fields, "id", "invalid_id", what),
    type: optionalText(fields, "type", "invalid_type", what),
    retry: optionalRetry(fields.get("retry"), what),
    private: isPrivate,
  };
}

function optionalText(
  fields: ReadonlyMap<string, unknown>,
  name: string,
  code: "invalid_id" | "invalid_type",
  what: string,
): string | undefined {
  const value = fields.get(name) ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  throw new HubError(code, `${what} has a ${JSON.stringify(name)} that is not a string.`);
}

function optionalRetry(value: unknown, what: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return value;
  if (typeof value === "string") return parseRetry(value);
  throw new HubError("invalid_retry", `${what} has a "retry" that is not a number of milliseconds.`);
}
