import type { Bot } from "../bot.ts";
import { httpUrl, post, withoutKeys } from "./post.ts";
import { readText } from "./read-text.ts";
import { webhookRequest } from "./webhook-request.ts";
import { errorWords, isGiven, isPage, pageError } from "./service-words.ts";

export interface WebhookBotOptions {
  /**
   * URL to which the message is posted as JSON, `http:` or `https:`. `{session}` in it stands for
   * the id of the visitor's session.
   */
  readonly url: string;
  /** Longest wait for the whole answer, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Further request headers, such as `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
}

const WHO = "The webhook";

/** Largest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** In a result of Dialogflow's own API, `text` is the question. */
const RESULT = "queryResult";
const RESULT_MEMBERS: readonly string[] = ["fulfillmentText", "fulfillmentMessages", "responseMessages"];

/** Members of JSON in which services put their text, in order of precedence. */
const TEXT_MEMBERS: readonly string[] = [
  "text",
  "reply",
  "message",
  "output",
  "answer",
  "content",
  "fulfillmentText",
  "fulfillmentMessages",
  "fulfillment_response",
  "fulfillmentResponse",
  RESULT,
  "responseMessages",
  "messages",
  "responses",
];

/** Deepest place of the text in JSON. Dialogflow's is at depth 6. */
const MAX_DEPTH = 10;

/**
 * A bot behind any HTTP service. The service gets the message as JSON, with the session's id
 * and the last lines. It answers with text, a JSON
 * string, or the JSON of a common bot framework. An empty answer, 204 and JSON without a text say
 * nothing.
 *
 * @throws TypeError when the URL is not http or https.
 */
export function webhookBot(options: WebhookBotOptions): Bot {
  const { timeoutMs = 10_000, headers = {} } = options;
  const url = httpUrl(options.url, "webhookBot");
  return {
    async reply(message, context) {
      const { url: to, body: json } = webhookRequest(url, message, context);
      const { mediaType, response } = await post(to, {
        who: WHO,
        headers: { Accept: "application/json, text/plain", ...headers },
        json,
        signal: AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]),
      });
      const body = await readText(response, MAX_ANSWER_BYTES);
      if (isPage(body, mediaType)) throw pageError(WHO, body);
      const value = parseJson(body, mediaType);
      if (value === undefined) return body.trim();
      if (typeof value === "object" && value !== null && "error" in value && isGiven(value.error)) {
        throw new Error(withoutKeys(`${WHO} reported an error: ${errorWords(value)}`, headers));
      }
      return textOf(value, 0);
    },
  };
}

/**
 * The JSON of an answer, or undefined for a text. Structures are JSON under any label. A string, a
 * number or `null` is JSON only under a JSON label, because quotes may belong to a text.
 */
function parseJson(body: string, mediaType: string): unknown {
  const labelled = mediaType === "application/json" || mediaType.endsWith("+json");
  const [first = ""] = body.trimStart();
  if (first === "" || !(labelled || first === "{" || first === "[")) return undefined;
  try {
    return JSON.parse(body);
  } catch (error) {
    if (labelled && (first === "{" || first === "[" || first === '"'))
      throw new Error(`${WHO} answered with broken JSON.`, { cause: error });
    return undefined;
  }
}

/** The text in a service's JSON, with the texts of a list as lines. Empty if there is none. */
function textOf(value: unknown, depth: number, members = TEXT_MEMBERS): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return "";
  if (Array.isArray(value)) {
    return value
      .map((one) => textOf(one, depth + 1))
      .filter((text) => text.trim() !== "")
      .join("\n");
  }
  for (const member of members) {
    if (!Object.hasOwn(value, member)) continue;
    const text = textOf((value as Readonly<Record<string, unknown>>)[member], depth + 1, member === RESULT ? RESULT_MEMBERS : TEXT_MEMBERS);
    if (text.trim() !== "") return text;
  }
  return "";
}
