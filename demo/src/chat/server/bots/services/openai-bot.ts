import { type Bot, type BotContext, type BotMessage, TAKE_BACK } from "../bot.ts";
import { modelAnswer } from "./model-answer.ts";
import { httpUrl, post, withoutKeys } from "./post.ts";
import { Thoughts } from "./thoughts.ts";

export interface OpenaiBotOptions {
  /**
   * The service's address. Without a path, `/v1` is added. `/chat/completions` is added if it is
   * missing.
   */
  readonly url: string;
  /** The service's name of the model. */
  readonly model: string;
  /** Sent as `Authorization: Bearer …`. Local services need none. */
  readonly apiKey?: string | undefined;
  /** The system prompt. Default: a short prompt about this chat. */
  readonly systemPrompt?: string;
}

const WHO = "The model's service";

/** Models that think first, whose templates open the thought by themselves. */
const THINKS_FIRST = /(?:^|[^a-z0-9])(?:r1|qwq)(?:$|[^a-z0-9])|think|reason/i;

/**
 * A bot with a language model behind any service with OpenAI's chat completions. Tokens appear in
 * the room as they arrive, thoughts do not.
 *
 * @throws TypeError when the URL or the model's name cannot be used.
 */
export function openaiBot(options: OpenaiBotOptions): Bot {
  const endpoint = completionsUrl(options.url);
  const { model, apiKey = "", systemPrompt } = options;
  if (model.trim() === "") throw new TypeError("openaiBot: the model has no name.");
  const headers = { Accept: "text/event-stream, application/json", ...(apiKey === "" ? {} : { Authorization: `Bearer ${apiKey}` }) };
  let thinksFirst = THINKS_FIRST.test(model);
  return {
    async *reply(message, context) {
      const messages = conversation(systemPrompt ?? defaultPrompt(context.botName), message, context);
      const { mediaType, response } = await post(endpoint, {
        who: WHO,
        headers,
        json: { model, stream: true, messages },
        signal: context.signal,
      });
      const thoughts = new Thoughts(thinksFirst);
      let anyText = false;
      try {
        for await (const { text, thought } of modelAnswer(response.body ?? noBody(), mediaType, WHO)) {
          // This service keeps all thoughts apart.
          const released = thought ? thoughts.release() : "";
          const shown = thoughts.push(text);
          if (thoughts.unopened) thinksFirst = true;
          if (shown.takeBack) yield TAKE_BACK;
          const part = released + shown.text;
          anyText ||= part !== "";
          // An empty part is a sign of life from a thinking model.
          if (part !== "" || thought || thoughts.thinking) yield part;
        }
      } catch (error) {
        throw error instanceof Error ? new Error(withoutKeys(error.message, headers), { cause: error.cause }) : error;
      }
      const onlyThoughts = thoughts.inside && !anyText;
      const rest = thoughts.end();
      if (rest !== "") yield rest;
      else if (onlyThoughts) throw new Error(`${WHO} sent thoughts and no answer.`);
    },
  };
}

async function* noBody(): AsyncGenerator<Uint8Array> {}

function completionsUrl(url: string): URL {
  const endpoint = httpUrl(url, "openaiBot");
  const path = endpoint.pathname.replace(/\/+$/, "");
  if (!path.endsWith("/chat/completions")) endpoint.pathname = `${path === "" ? "/v1" : path}/chat/completions`;
  return endpoint;
}

function defaultPrompt(botName: string): string {
  return `You are ${botName}, a friendly and concise participant in a chat room. Each line from a person starts with their nickname. Answer in plain text, without Markdown, in a few sentences.`;
}

interface Turn {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/**
 * The conversation in the form that models' templates require. After the system prompt it begins
 * with the user, and both take turns.
 */
function conversation(systemPrompt: string, message: BotMessage, { history }: BotContext): Turn[] {
  const turns: Turn[] = [{ role: "system", content: systemPrompt }];
  for (const { nickname, text, bot } of [...history, { ...message, bot: false }]) {
    const turn: Turn = bot ? { role: "assistant", content: text } : { role: "user", content: `${nickname}: ${text}` };
    const last = turns[turns.length - 1];
    if (last?.role === turn.role) turns[turns.length - 1] = { ...turn, content: `${last.content}\n${turn.content}` };
    else if (last?.role !== "system" || turn.role === "user") turns.push(turn);
  }
  return turns;
}
