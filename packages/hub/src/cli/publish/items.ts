import { z } from "zod";
import type { UpdateInput } from "artesian-client";
import { isKnownField, isNearlyPrivate, quoteName } from "../../http/body/field-names.ts";
import { type RawMember, readMembers } from "../../http/body/json-members.ts";
import { LineError, type Line } from "./lines.ts";

/** An update of the input, on its way into a batch. */
export interface Item {
  readonly line: number;
  readonly update: UpdateInput;
  readonly bytes: number;
}

/** Makes an update of a line, or returns undefined for a line without an update. */
export type Convert = (line: Line) => UpdateInput | undefined;

/** Turns lines into updates. Updates before a wrong line are passed on before the error. */
export async function* toItems(parts: AsyncIterable<readonly Line[]>, convert: Convert): AsyncGenerator<readonly Item[]> {
  for await (const lines of parts) {
    const items: Item[] = [];
    try {
      for (const line of lines) {
        const update = convert(line);
        if (update !== undefined) items.push({ line: line.number, update, bytes: Buffer.byteLength(line.text) });
      }
    } catch (error) {
      if (items.length > 0) yield items;
      throw error;
    }
    if (items.length > 0) yield items;
  }
}

function milliseconds(name: string): z.ZodOptional<z.ZodNullable<z.ZodInt>> {
  return z
    .int({ error: `has a "${name}" that is not a whole number of milliseconds` })
    .nonnegative()
    .nullish();
}

/** The keys of a JSON update that the hub reads. Other keys are ignored here, as in the hub. */
const updateSchema = z.object({
  topic: z.union([z.string(), z.array(z.string()).min(1)], { error: 'needs a "topic": a string, or an array of them' }),
  data: z.unknown().optional(),
  id: z.string({ error: 'has an "id" that is not a string' }).nullish(),
  type: z.string({ error: 'has a "type" that is not a string' }).nullish(),
  retry: milliseconds("retry"),
  private: z.boolean({ error: 'has a "private" that is not true or false' }).optional(),
  delay: milliseconds("delay"),
  deliver_at: z.iso.datetime({ offset: true, error: 'has a "deliver_at" that is not a time with its time zone' }).nullish(),
  ttl: milliseconds("ttl"),
});

/**
 * Reads a line of NDJSON. Empty lines are skipped. The shape is checked here because the hub only
 * knows the place in the batch, not the line of the input.
 *
 * @throws LineError with the line's number and mistake.
 */
export function fromNdjson({ number, text }: Line): UpdateInput | undefined {
  if (text.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LineError(number, `is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = updateSchema.safeParse(value);
  if (!result.success) throw new LineError(number, `${describe(value, result.error)}.`);
  const written = membersOf(number, text);
  const { topic, data, id, type, retry, private: isPrivate, delay, deliver_at: deliverAt, ttl } = result.data;
  return {
    topic,
    data: data === undefined || typeof data === "string" ? data : writtenData(text, written),
    id: id ?? undefined,
    type: type ?? undefined,
    retry: retry ?? undefined,
    private: isPrivate,
    delayMs: delay ?? undefined,
    deliverAt: deliverAt === undefined || deliverAt === null ? undefined : new Date(deliverAt),
    ttlMs: ttl ?? undefined,
  };
}

/**
 * The members of a line's object. As in the hub, a slip must not make an update public.
 *
 * @throws LineError for a name that is nearly `private`, and for a field that stands twice.
 */
function membersOf(number: number, text: string): ReadonlyMap<string, RawMember> {
  const object = readMembers(text, { isWanted: isKnownField, mostObjects: 1, mostOthers: Infinity, mostDepth: Infinity })?.objects[0];
  if (object === undefined) throw new LineError(number, "is not a JSON object.");
  for (const name of [...object.others, ...object.nested]) {
    if (isNearlyPrivate(name))
      throw new LineError(number, `has a field ${quoteName(name)}, which would not make it private. Write \`private\`.`);
  }
  for (const [name, { count }] of object.members)
    if (count > 1) throw new LineError(number, `has "${name}" ${count} times. Give each field once.`);
  return object.members;
}

/** The data's original text. Parsing and writing JSON again would round numbers and sort keys. */
function writtenData(text: string, members: ReadonlyMap<string, RawMember>): string {
  const { start, end } = members.get("data") as RawMember;
  return text.slice(start, end);
}

function describe(value: unknown, error: z.ZodError): string {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return 'is not a JSON object such as {"topic":"greeting","data":"Hello"}';
  return error.issues[0]?.message ?? "is not an update";
}
