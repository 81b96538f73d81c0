import { type JsonObject, JsonLines } from "./json-lines.ts";
import { errorWords, isGiven, isPage, pageError, serviceWords } from "./service-words.ts";

/** One part of a model's answer. */
export interface ModelPart {
  readonly text: string;
  /** Whether the service sent a thought apart from the text. */
  readonly thought: boolean;
}

/**
 * Largest answer that is read, in bytes. An event carries far more than its token, and thoughts
 * have thousands.
 */
const MAX_BYTES = 64 * 1024 * 1024;

/** How much of the body is kept for an error message, in characters. */
const HEAD_LENGTH = 16 * 1024;

/**
 * Reads the answer of a service with OpenAI's chat completions, streamed or whole. The bytes decide
 * which. The media type is a hint.
 *
 * @param who - The service's name, for errors.
 * @throws Error with the service's own words if the service reports an error, sends a page, or
 *   breaks off. Earlier parts count.
 */
export async function* modelAnswer(body: AsyncIterable<Uint8Array>, mediaType: string, who: string): AsyncGenerator<ModelPart> {
  const decoder = new TextDecoder();
  const lines = new JsonLines();
  const reading = new Reading(who);
  let head = "";
  let bytes = 0;
  let page = false;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`${who} sends more than ${MAX_BYTES} bytes.`);
    const text = decoder.decode(chunk, { stream: true });
    if (head.length < HEAD_LENGTH) head = (head + text).slice(0, HEAD_LENGTH);
    page ||= !reading.begun && head.trimStart().startsWith("<");
    if (page) {
      if (head.length < HEAD_LENGTH) continue;
      break;
    }
    yield* reading.read(lines.push(text));
    if (lines.done) return;
  }
  if (page || (!reading.begun && isPage(head, mediaType))) throw pageError(who, head);
  yield* reading.read([...lines.push(decoder.decode()), ...lines.end()]);
  if (lines.done || reading.finished) return;
  if (reading.begun) throw new Error(`${who} broke off.`);
  const words = reading.oddWords === "" ? serviceWords(head, mediaType) : reading.oddWords;
  throw new Error(words === "" ? `${who} sent an empty answer.` : `${who} sent no answer that can be read: ${words}`);
}

/** The chunks of one answer, one after the other. */
class Reading {
  readonly #who: string;
  #begun = false;
  #finished = false;
  #anyDelta = false;
  #oddWords = "";

  constructor(who: string) {
    this.#who = who;
  }

  /** Whether any part of an answer arrived. */
  get begun(): boolean {
    return this.#begun;
  }

  /**
   * Whether the service gave a reason for the end of the answer. Not every service sends the mark
   * at the end.
   */
  get finished(): boolean {
    return this.#finished;
  }

  /** Words of the last JSON that was neither an answer nor an error. */
  get oddWords(): string {
    return this.#oddWords;
  }

  *read(objects: readonly JsonObject[]): Generator<ModelPart> {
    let text = "";
    let thought = false;
    let failure: Error | undefined;
    for (const value of objects) {
      if (isGiven(value["error"]) || value["object"] === "error") {
        failure = new Error(`${this.#who} reported an error: ${errorWords(value)}`);
        break;
      }
      const choice = firstChoice(value["choices"]);
      if (choice === undefined) {
        this.#oddWords = errorWords(value);
        continue;
      }
      this.#begun = true;
      const part = this.#part(choice);
      text += part.text;
      thought ||= part.thought;
      if (choice["finish_reason"] === "length") {
        failure = new Error(`${this.#who} stopped at its bound of tokens.`);
        break;
      }
    }
    if (text !== "" || thought) yield { text, thought };
    if (failure !== undefined) throw failure;
  }

  #part(choice: JsonObject): ModelPart {
    const { delta, message } = choice;
    if (isGiven(choice["finish_reason"]) || isGiven(message)) this.#finished = true;
    const part = partOf(delta);
    this.#anyDelta ||= part.text !== "";
    // Some services send the whole message again, after its parts or beside them.
    return this.#anyDelta || part.thought ? part : partOf(message);
  }
}

function firstChoice(choices: unknown): JsonObject | undefined {
  if (!Array.isArray(choices)) return undefined;
  const objects = choices.filter((choice): choice is JsonObject => typeof choice === "object" && choice !== null);
  return objects.find((choice) => choice["index"] === 0) ?? objects[0];
}

function partOf(message: unknown): ModelPart {
  if (typeof message !== "object" || message === null) return { text: "", thought: false };
  const { content, reasoning_content, reasoning, thinking } = message as JsonObject;
  const part = contentOf(content);
  return { text: part.text, thought: part.thought || isGiven(reasoning_content) || isGiven(reasoning) || isGiven(thinking) };
}

/** Content is a text or a list of parts. */
function contentOf(content: unknown): ModelPart {
  if (typeof content === "string") return { text: content, thought: false };
  let text = "";
  let thought = false;
  for (const part of Array.isArray(content) ? (content as readonly unknown[]) : [content]) {
    if (typeof part === "string") text += part;
    if (typeof part !== "object" || part === null) continue;
    const { type, text: partText } = part as JsonObject;
    if (type === "thinking" || type === "reasoning") thought = true;
    else if (typeof partText === "string") text += partText;
  }
  return { text, thought };
}
