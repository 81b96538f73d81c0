import { createParser } from "eventsource-parser";
import type { Bot, BotContext, BotMessage } from "./bot.ts";
import { readText } from "./read-text.ts";
import { httpUrl } from "./post.ts";

export interface OpenaiBotOptions {
  /** The service's address, with or without `/v1` or `/v1/chat/completions` at its end. */
  readonly url: string;
  /** The model's name, as the service knows it. */
  readonly model: string;
  /** Sent as `Authorization: Bearer …`. Local services need none. */
  readonly apiKey?: string | undefined;
  /** What the model is told about its part. Default: a short one about this chat. */
  readonly systemPrompt?: string;
}

/** Largest answer of the service that is read, in bytes: its events carry far more than the text. */
const MAX_STREAM_BYTES = 4 * 1024 * 1024;

/**
 * A bot that is a language model behind any service with OpenAI's chat completions. Its tokens appear in the room as they come.
 *
 * @throws TypeError when the URL or the model's name cannot be used.
 */
export function openaiBot(options: OpenaiBotOptions): Bot {
  const endpoint = completionsUrl(options.url);
  if (options.model.trim() === "") throw new TypeError("openaiBot: the model has no name.");
  return {
    async *reply(message, context) {
      const response = await fetch(endpoint, {
        method: "POST",
        headers: {
          Accept: "text/event-stream",
          "Content-Type": "application/json",
          ...(options.apiKey === undefined || options.apiKey === "" ? {} : { Authorization: `Bearer ${options.apiKey}` }),
        },
        body: JSON.stringify({
          model: options.model,
          stream: true,
          messages: conversation(options.systemPrompt ?? defaultPrompt(context.botName), message, context),
        }),
        signal: context.signal,
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`The model's service answered ${response.status}.`);
      }
      const mediaType = response.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase();
      if (mediaType === "application/json") {
        // Some services do not stream; then the text comes at once.
        yield wholeText(await readText(response, MAX_STREAM_BYTES));
        return;
      }
      yield* deltas(response);
    },
  };
}

function completionsUrl(url: string): URL {
  const endpoint = httpUrl(url, "openaiBot");
  const path = endpoint.pathname.replace(/\/+$/, "");
  if (!path.endsWith("/chat/completions")) endpoint.pathname = `${path}${path.endsWith("/v1") ? "" : "/v1"}/chat/completions`;
  return endpoint;
}

function defaultPrompt(botName: string): string {
  return `You are ${botName}, a friendly and concise participant in a chat room. Each line from a person starts with their nickname. Answer in plain text, without Markdown, in a few sentences.`;
}

function conversation(systemPrompt: string, message: BotMessage, { history }: BotContext): { role: string; content: string }[] {
  return [
    { role: "system", content: systemPrompt },
    ...history.map(({ nickname, text, bot }) =>
      bot ? { role: "assistant", content: text } : { role: "user", content: `${nickname}: ${text}` },
    ),
    { role: "user", content: `${message.nickname}: ${message.text}` },
  ];
}

/** The parts of the text in the service's event stream, until it says that it is done or the stream ends. */
async function* deltas(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let finished = false;
  let done = false;
  const parser = createParser({
    onEvent: ({ data }) => {
      if (done) return;
      if (data === "[DONE]") {
        done = true;
        return;
      }
      const choice = firstChoice(data);
      if (typeof choice.delta?.content === "string") parts.push(choice.delta.content);
      // Not every service sends the mark at the end, but each says why the text ends.
      if (typeof choice.finish_reason === "string") finished = true;
    },
  });
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_STREAM_BYTES) throw new Error("The model's stream is too long.");
    parser.feed(decoder.decode(chunk, { stream: true }));
    const ready = parts.join("");
    parts = [];
    if (ready !== "") yield ready;
    if (done) return;
  }
  if (!done && !finished) throw new Error("The model's stream broke off.");
}

interface Choice {
  readonly delta?: { readonly content?: unknown };
  readonly finish_reason?: unknown;
  readonly message?: { readonly content?: unknown };
}

function firstChoice(json: string): Choice {
  const value = JSON.parse(json) as { choices?: readonly Choice[]; error?: unknown } | null;
  if (value?.error !== undefined) throw new Error("The model's service reported an error.", { cause: value.error });
  return value?.choices?.[0] ?? {};
}

function wholeText(json: string): string {
  const content = firstChoice(json).message?.content;
  if (typeof content !== "string") throw new Error("The model's answer has no text.");
  return content;
}
