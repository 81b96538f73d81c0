import { HubError } from "../errors.ts";
import { checkNames, namesOf } from "../names.ts";
import type { TextUpdate, UpdateInput } from "./update.ts";

const NAMES: ReadonlySet<string> = namesOf<UpdateInput>({
  topic: true,
  data: true,
  id: true,
  type: true,
  retry: true,
  private: true,
  delayMs: true,
  deliverAt: true,
  ttlMs: true,
});

/**
 * Reads updates from a program, whose types nothing has checked.
 *
 * @returns The same updates, with data that is not text as its JSON.
 * @throws TypeError for a value that is no update: not an object, with an unknown name, or with a
 *   `private` that is not true or false. HubError with the code of the field for a value of the
 *   wrong kind.
 */
export function readInputs(updates: readonly UpdateInput[]): readonly TextUpdate[] {
  if (!Array.isArray(updates)) throw new TypeError(`A batch is a list of updates such as [{ topic: "greeting", data: "Hello" }].`);
  return updates.map((update: UpdateInput, i) => {
    try {
      return readInput(update);
    } catch (error) {
      if (updates.length === 1) throw error;
      const where = `Update ${i + 1} of ${updates.length}: `;
      if (error instanceof HubError) throw new HubError(error.code, where + error.message, { cause: error.cause });
      throw error instanceof TypeError ? new TypeError(where + error.message, { cause: error.cause }) : error;
    }
  });
}

function readInput(input: UpdateInput): TextUpdate {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    const kind =
      input === null || input === undefined
        ? String(input)
        : Array.isArray(input)
          ? "a list; for several, call publishBatch"
          : `a ${typeof input}`;
    throw new TypeError(`An update is an object such as { topic: "greeting", data: "Hello" }; this is ${kind}.`);
  }
  checkNames(input, NAMES, "An update");
  const { topic, data, id, type, deliverAt, private: isPrivate } = input as { readonly [Name in keyof UpdateInput]: unknown };
  if (topic === undefined || topic === null) {
    throw new HubError("missing_topic", "The update has no topic. Add a `topic` that names what changed.");
  }
  if (typeof topic !== "string" && !(Array.isArray(topic) && topic.every((one) => typeof one === "string"))) {
    throw new HubError("invalid_topic", "The topic is not a text or a list of texts.");
  }
  if (!isTextOrAbsent(id)) throw new HubError("invalid_id", "The id is not a text.");
  if (!isTextOrAbsent(type)) throw new HubError("invalid_type", "The type is not a text.");
  if (deliverAt !== undefined && deliverAt !== null && !(deliverAt instanceof Date)) {
    throw new HubError("invalid_time", "The time of delivery is not a Date.");
  }
  // Any other value would be taken for true or false, and a private update must not become public
  // by a slip.
  if (isPrivate !== undefined && isPrivate !== null && typeof isPrivate !== "boolean") {
    throw new TypeError("The `private` of an update is not true or false.");
  }
  return typeof data === "string" || data === undefined ? (input as TextUpdate) : { ...input, data: dataText(data) };
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string";
}

/** Data that is not text is sent as its JSON, as by `publish` of the client. */
function dataText(data: unknown): string {
  if (data instanceof Promise) throw invalidData("is a promise. Await it");
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data))
    throw invalidData("is bytes, and events carry text. Write it as base64, for example");
  // Their JSON is {}, so all their content would be lost.
  if (data instanceof Map || data instanceof Set)
    throw invalidData("is a Map or a Set, which JSON does not carry. Make an object or a list of it");
  let text: unknown;
  try {
    text = JSON.stringify(data);
  } catch (error) {
    throw invalidData("has no JSON. It has a circle, a BigInt or a toJSON that fails", error);
  }
  if (typeof text !== "string") throw invalidData(`is a ${typeof data}, which JSON does not carry. Give text, or an object`);
  // Encoded as the hub reads the value from a request. A Date, or any value whose JSON is text, is
  // that text.
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

function invalidData(what: string, cause?: unknown): HubError {
  return new HubError("invalid_data", `The data ${what}.`, { cause });
}
