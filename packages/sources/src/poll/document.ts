import type { TextUpdate } from "artesian";
import { TemporaryError } from "../errors.ts";
import { decodeText, shownAddress } from "../http/index.ts";
import { hashOf, hashOfText, parseJson, textOf, writeJson } from "../json.ts";
import { compilePath, type Path } from "../path.ts";
import type { PollPlan } from "./options.ts";

/** One compared part, and the update that carries it. */
export interface Part {
  /** The item's key. Empty for the whole document. */
  readonly key: string;
  readonly hash: string;
  /** Called only for changed parts. */
  readonly toUpdate: () => TextUpdate;
}

/** The contents of an answer. */
export interface Document {
  readonly parts: readonly Part[];
  /** Number of items left out because they lack a key, or the fields of the topic or `select`. */
  readonly skipped: number;
}

/** Longest key, in characters. The key is part of a topic, and remembered. */
const MAX_KEY = 1024;

/**
 * Reads an answer.
 *
 * @throws TemporaryError when the answer does not fit the options, because a server in trouble
 *   answers with anything.
 */
export function readDocument(plan: PollPlan, body: Uint8Array, contentType: string | undefined): Document {
  const { options } = plan;
  const text = decodeText(body, contentType);
  const isJson = /^[^;]*[/+]json\s*(?:;|$)/i.test(contentType ?? "");
  const needsJson = plan.items !== undefined || plan.select !== undefined || options.format === "json";
  if (!needsJson && (options.format === "text" || !isJson)) {
    const update = { topic: options.topic, data: text, type: options.type };
    return { parts: [{ key: "", hash: hashOfText(text), toUpdate: () => update }], skipped: 0 };
  }
  const value = parsed(plan, text, contentType);
  if (plan.items === undefined) {
    const part = partAt(plan.select, value);
    if (part === undefined)
      throw new TemporaryError(`The answer of ${shownAddress(plan.url)} has nothing at "${options.select}" (select).`);
    const toUpdate = (): TextUpdate => ({ topic: options.topic, data: writeJson(part), type: options.type });
    return { parts: [{ key: "", hash: hashOf(part), toUpdate }], skipped: 0 };
  }
  return readItems(plan, plan.items(value));
}

function parsed(plan: PollPlan, text: string, contentType: string | undefined): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    // The parser's message may quote the answer, and the answer may be secret.
    const what = text.trim() === "" ? "It is empty." : `Its content type is ${contentType ?? "missing"}.`;
    throw new TemporaryError(`The answer of ${shownAddress(plan.url)} is not JSON. ${what}`, { cause: error });
  }
}

function readItems(plan: PollPlan, list: unknown): Document {
  const { options, maxItems } = plan;
  const name = shownAddress(plan.url);
  if (typeof list !== "object" || list === null) {
    throw new TemporaryError(`The answer of ${name} has no array or object at "${options.items}" (items).`);
  }
  if (Array.isArray(list) && plan.key === undefined) {
    throw new TemporaryError(`What ${name} has at "${options.items}" is an array: say by \`key\` which field names an item.`);
  }
  const entries = Object.entries(list);
  if (entries.length > maxItems) {
    throw new TemporaryError(`The answer of ${name} has ${entries.length} items, but the bound is ${maxItems} (maxItems).`);
  }
  const fields = new Map(plan.topic.names.filter((field) => field !== "key").map((field) => [field, compilePath(field)]));
  const parts = new Map<string, Part>();
  let skipped = 0;
  for (const [property, item] of entries) {
    const key = plan.key === undefined ? property : textOf(plan.key(item));
    const part = partAt(plan.select, item);
    const topic = key === undefined ? undefined : plan.topic.expand((field) => (field === "key" ? key : fields.get(field)?.(item)));
    if (key === undefined || key.length > MAX_KEY || topic === undefined || part === undefined) {
      skipped += 1;
      continue;
    }
    // Of two items with one key the later counts, as of two properties with one name.
    if (parts.delete(key)) skipped += 1;
    // The topic counts too. An item that moves to another topic must be published there.
    const toUpdate = (): TextUpdate => ({ topic, data: writeJson(part), type: options.type });
    parts.set(key, { key, hash: hashOf([topic, part]), toUpdate });
  }
  return { parts: [...parts.values()], skipped };
}

function partAt(select: Path | undefined, value: unknown): unknown {
  return select === undefined ? value : select(value);
}
