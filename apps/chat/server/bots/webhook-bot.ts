import { readText } from "./read-text.ts";
import type { Bot } from "./bot.ts";

export interface WebhookBotOptions {
  /** Where to POST `{ room, nickname, text }` as JSON; `http:` or `https:`. */
  readonly url: string;
  /** Longest wait for the whole answer, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Further request headers, such as `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Largest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * A bot that is any HTTP service: it gets the message as JSON and answers with `text/plain`, or with JSON
 * `{ "text": "…" }`. An empty answer, or 204, says nothing.
 *
 * @throws TypeError when the URL is not one of HTTP.
 */
export function webhookBot(options: WebhookBotOptions): Bot {
  const { timeoutMs = 10_000, headers = {} } = options;
  const url = httpUrl(options.url, "webhookBot");
  return {
    async reply(message, { signal }) {
      const response = await fetch(url, {
        method: "POST",
        headers: { Accept: "application/json, text/plain", ...headers, "Content-Type": "application/json" },
        body: JSON.stringify({ room: message.room, nickname: message.nickname, text: message.text }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`The webhook answered ${response.status}.`);
      }
      const body = await readText(response, MAX_ANSWER_BYTES);
      const mediaType = response.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase() ?? "text/plain";
      if (mediaType === "application/json" || mediaType.endsWith("+json")) return jsonText(body);
      if (mediaType === "text/plain") return body;
      throw new Error(`The webhook answered with ${mediaType}; text/plain or application/json is expected.`);
    },
  };
}

/** Checks the URL of an HTTP service. */
export function httpUrl(url: string, what: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "http:" && parsed?.protocol !== "https:") {
    throw new TypeError(`${what}: "${url}" is not a URL of HTTP. Write it in full, such as http://127.0.0.1:5005/reply.`);
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new TypeError(`${what}: leave the user and password out of the URL, and send an Authorization header.`);
  }
  return parsed;
}

function jsonText(body: string): string | undefined {
  if (body.trim() === "") return undefined;
  const value: unknown = JSON.parse(body);
  const text = typeof value === "object" && value !== null && "text" in value ? value.text : undefined;
  if (text === null || text === undefined) throw new Error("The webhook's JSON has no `text`.");
  if (typeof text !== "string") throw new Error("The `text` in the webhook's JSON is not a text.");
  return text;
}
