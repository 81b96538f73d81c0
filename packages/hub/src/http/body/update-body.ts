import { HubError } from "../../core/errors.ts";
import type { Limits } from "../../core/limits.ts";
import { type TextUpdate, tooManyUpdates } from "../../core/update/update.ts";
import { hasTooMany } from "./batch-count.ts";
import { isKnownField, isNearlyPrivate, meantField, quoteName } from "./field-names.ts";
import { checkingFields, decodeUtf8, detach, parsingForm } from "./form.ts";
import { type RawDocument, type RawMember, type RawObject, readingMembers } from "./json-members.ts";

/** Media types of one JSON object a line. */
export const NDJSON_TYPES: ReadonlySet<string> = new Set(["application/x-ndjson", "application/ndjson", "application/jsonl"]);

/** The media type without parameters. Empty if none is given. */
export function mediaTypeOf(contentType: string | undefined): string {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** The updates that a request's body asks to publish. */
export interface ParsedUpdates {
  readonly updates: readonly TextUpdate[];
  /** Whether the answer is a list of ids. */
  readonly isBatch: boolean;
  /** Names of ignored fields. */
  readonly unknownFields: ReadonlySet<string>;
}

/** Characters of blank lines between two `yield`s. */
const PART_LENGTH = 16 * 1024;

/**
 * Deepest JSON in `data`, in levels. Subscribers parse `data`, and many parsers use stack for each
 * level.
 */
const MAX_DATA_DEPTH = 1000;

/**
 * Reads one update from a form or a JSON object, or an atomic batch from a JSON array or NDJSON.
 *
 * A body of one mebibyte takes some 10 ms, so the work yields to others within a millisecond.
 *
 * @param limits - Updates and fields are counted before they are read.
 * @throws HubError with the remedy.
 */
export function* parsingUpdates(
  contentType: string | undefined,
  body: Uint8Array,
  { formFields, updatesPerBatch }: Pick<Limits, "formFields" | "updatesPerBatch">,
): Generator<undefined, ParsedUpdates> {
  const mediaType = mediaTypeOf(contentType);
  const isForm = mediaType === "" || mediaType === "application/x-www-form-urlencoded";
  const isLines = NDJSON_TYPES.has(mediaType);
  // Counted before the body is decoded.
  if (isForm) yield* checkingFields(body, formFields);
  else if ((isLines || mediaType === "application/json") && (yield* hasTooMany(body, isLines, updatesPerBatch))) {
    throw tooManyUpdates(updatesPerBatch);
  }
  const text = decodeUtf8(body);
  const unknownFields = new Set<string>();
  if (isForm) return { updates: [yield* fromForm(text, formFields, unknownFields)], isBatch: false, unknownFields };
  const most = { objects: updatesPerBatch, fields: formFields };
  if (mediaType === "application/json") {
    const { isList, objects } = yield* readingJson(text, "The body", most);
    if (isList && objects.length > updatesPerBatch) throw tooManyUpdates(updatesPerBatch);
    const updates: TextUpdate[] = [];
    for (const [i, object] of objects.entries()) {
      if (i > 0) yield;
      updates.push(fromJson(text, object, isList ? `Update ${i + 1}` : "The update", formFields, unknownFields));
    }
    return { updates, isBatch: isList, unknownFields };
  }
  if (isLines) {
    const updates: TextUpdate[] = [];
    let pauseAt = PART_LENGTH;
    for (let start = 0, end = 0, number = 1; start < text.length; start = end + 1, number++) {
      if (start >= pauseAt) {
        yield;
        pauseAt = start + PART_LENGTH;
      }
      end = text.indexOf("\n", start);
      if (end < 0) end = text.length;
      const line = text.slice(start, end);
      if (line.trim() === "") continue;
      if (updates.length === updatesPerBatch) throw tooManyUpdates(updatesPerBatch);
      const what = `Line ${number}`;
      const { isList, objects } = yield* readingJson(line, what, most);
      updates.push(fromJson(line, isList ? undefined : objects[0], what, formFields, unknownFields));
      yield;
    }
    return { updates, isBatch: true, unknownFields };
  }
  throw new HubError(
    "unsupported_media_type",
    "The hub reads no body of this Content-Type. Send application/x-www-form-urlencoded, application/json or application/x-ndjson.",
  );
}

function* fromForm(text: string, maxFields: number, unknownFields: Set<string>): Generator<undefined, TextUpdate> {
  const topics: string[] = [];
  const fields = new Map<string, string>();
  const pairs = yield* parsingForm(text, maxFields);
  let repeated: string | undefined;
  for (const [name, value] of pairs) {
    if (name === "topic") topics.push(value);
    else if (!isKnownField(name)) passOver(name, "The update", unknownFields);
    else if (fields.has(name)) repeated ??= name;
    else fields.set(name, value);
  }
  if (repeated !== undefined) checkOnce(repeated, pairs.filter(([name]) => name === repeated).length, "The update");
  if (topics.length === 0)
    throw new HubError("missing_topic", `The update has no topic. Add a \`topic\` that names what changed.${nearMisses(unknownFields)}`);
  const present = (name: string): string | undefined => fields.get(name) || undefined;
  return {
    topic: topics,
    data: fields.get("data"),
    id: fields.get("id"),
    type: fields.get("type"),
    retry: readMs(present("retry"), "retry", "invalid_retry"),
    // Present means private, whatever the value: a publisher's typing error must not make an update public.
    private: fields.has("private"),
    ...readTimes(present),
  };
}

/** Most names that are remembered for the warning. A batch may have a hundred thousand. */
const MOST_UNKNOWN = 500;
/**
 * Refuses a repeated field. Nobody can tell which value is meant, and a slip must not make a
 * private update public.
 */
function checkOnce(name: string, count: number, what: string): void {
  if (count > 1) throw new HubError("invalid_body", `${what} has "${name}" ${count} times. Give each field once.`);
}

/**
 * Remembers the name of an ignored field.
 *
 * @throws HubError for a name that was probably meant for `private`.
 */
function passOver(name: string, what: string, unknownFields: Set<string>): void {
  checkNotPrivate(name, what);
  if (unknownFields.size < MOST_UNKNOWN) unknownFields.add(name);
}

function checkNotPrivate(name: string, what: string): void {
  if (!isNearlyPrivate(name)) return;
  throw new HubError("invalid_body", `${what} has a field ${quoteName(name)}, which would not make it private. Write \`private\`.`);
}

/**
 * Names the fields that were probably meant for others. Most frameworks have their own spelling for
 * lists.
 */
function nearMisses(names: Iterable<string>): string {
  const hints: string[] = [];
  for (const name of names) {
    const meant = isKnownField(name) ? undefined : meantField(name);
    if (meant !== undefined && hints.length < 3) hints.push(` ${quoteName(name)} is not read: write \`${meant}\`.`);
  }
  return hints.join("");
}

/** Reads the delay, the time of delivery and the time to live. Forms and JSON spell them alike. */
function readTimes(field: (name: string) => unknown): Pick<TextUpdate, "delayMs" | "deliverAt" | "ttlMs"> {
  return {
    delayMs: readMs(field("delay"), "delay", "invalid_time"),
    deliverAt: readDate(field("deliver_at")),
    ttlMs: readMs(field("ttl"), "ttl", "invalid_time"),
  };
}

function readMs(value: unknown, name: string, code: "invalid_retry" | "invalid_time"): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return value;
  if (typeof value === "string" && /^\d+$/.test(value)) return Number(value);
  throw new HubError(code, `The ${name} must be a time in milliseconds, written with ASCII digits only.`);
}

/** RFC 3339, with a time zone. Without one, the hub's own zone would count. */
const DATE_TIME = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

function readDate(value: unknown): Date | undefined {
  if (value === undefined || value === null) return undefined;
  const day = typeof value === "string" ? DATE_TIME.exec(value)?.[1] : undefined;
  if (day !== undefined && isDay(day)) return new Date(value as string);
  throw new HubError("invalid_time", "The deliver_at must be a time with its zone, such as 2030-01-31T09:30:00Z.");
}

/** Whether the calendar has a day. `Date` reads 30 February as 2 March. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

function* readingJson(
  text: string,
  what: string,
  most: { readonly objects: number; readonly fields: number },
): Generator<undefined, RawDocument> {
  const document = yield* readingMembers(text, {
    isWanted: isKnownField,
    mostObjects: most.objects,
    mostOthers: most.fields,
    mostDepth: MAX_DATA_DEPTH,
  });
  if (document?.isTooDeep === true)
    throw new HubError("invalid_data", `${what} is nested more than ${MAX_DATA_DEPTH} levels deep. Send deep data as text.`);
  if (document !== undefined) return document;
  throw new HubError("invalid_body", `${what} is not valid JSON. Check quotes, commas and brackets.`);
}

function fromJson(text: string, object: RawObject | undefined, what: string, maxFields: number, unknownFields: Set<string>): TextUpdate {
  if (object === undefined) throw new HubError("invalid_body", `${what} is not a JSON object such as {"topic":"greeting","data":"Hello"}.`);
  const { members, others, nested } = object;
  if (members.size + others.length > maxFields) throw new HubError("too_large", `${what} has more than ${maxFields} fields. Send fewer.`);
  for (const name of others) passOver(name, what, unknownFields);
  for (const name of nested) checkNotPrivate(name, what);
  for (const [name, { count }] of members) checkOnce(name, count, what);
  const fields: Fields = (name) => valueOf(text, members.get(name));
  const topic = topicOf(text, members.get("topic"));
  if (topic === undefined || topic === null) {
    throw new HubError("missing_topic", `${what} has no topic. Add "topic": a string, or an array of them.${nearMisses(others)}`);
  }
  if (typeof topic !== "string" && !(Array.isArray(topic) && topic.every((item) => typeof item === "string"))) {
    throw new HubError("invalid_topic", `${what} has a topic that is not a string or an array of strings.`);
  }
  // Null is refused, too: the publisher may have meant either.
  const isPrivate = members.has("private") && fields("private");
  if (typeof isPrivate !== "boolean") throw new HubError("invalid_body", `${what} has a "private" that is not true or false.`);
  return {
    topic,
    data: dataOf(text, members.get("data")),
    id: optionalText(fields, "id", "invalid_id", what),
    type: optionalText(fields, "type", "invalid_type", what),
    retry: readMs(fields("retry"), "retry", "invalid_retry"),
    private: isPrivate,
    ...readTimes(fields),
  };
}

/** Returns the value of a field, or undefined if the field is absent. */
type Fields = (name: string) => unknown;

/**
 * Stands for a list or an object. No field except topic and data may have one, so nothing is built
 * of its parts.
 */
const OF_PARTS: object = {};

function valueOf(text: string, member: RawMember | undefined): unknown {
  if (member === undefined) return undefined;
  return member.depth === 0 ? JSON.parse(text.slice(member.start, member.end)) : OF_PARTS;
}

/** Parses a list of topics, which has no nested parts and costs little. */
function topicOf(text: string, member: RawMember | undefined): unknown {
  return member?.depth === 1 && text[member.start] === "[" ? JSON.parse(text.slice(member.start, member.end)) : valueOf(text, member);
}

/**
 * Returns a JSON string's content, and any other value as written, including `null`. Rounded
 * numbers or sorted keys would be different data.
 */
function dataOf(text: string, member: RawMember | undefined): string | undefined {
  if (member === undefined) return undefined;
  const written = text.slice(member.start, member.end);
  return written.startsWith('"') ? (JSON.parse(written) as string) : detach(written, text);
}

function optionalText(fields: Fields, name: string, code: "invalid_id" | "invalid_type", what: string): string | undefined {
  const value = fields(name) ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  throw new HubError(code, `${what} has a ${JSON.stringify(name)} that is not a string.`);
}
