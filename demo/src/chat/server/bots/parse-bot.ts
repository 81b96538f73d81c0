import type { Bot } from "./bot.ts";
import { embeddedBot } from "./embedded/embedded-bot.ts";
import { openaiBot } from "./services/openai-bot.ts";
import { webhookBot } from "./services/webhook-bot.ts";

const FORMS = "Use `embedded`, `none`, `webhook:URL` or `openai:URL#MODEL`.";

/**
 * Makes the bot of a command-line specification.
 *
 * @param spec - `embedded`, `none`, `webhook:URL`, or `openai:URL#MODEL`.
 * @param env - Environment with `ARTESIAN_BOT_KEY`, the key of the webhook or of the model's
 *   service. Keys never stand in the specification, which others can see in the list of processes.
 * @returns The bot, or undefined for `none`.
 * @throws TypeError with a valid spelling.
 */
export function parseBot(spec: string, env: Readonly<Record<string, string | undefined>>): Bot | undefined {
  const key = env["ARTESIAN_BOT_KEY"];
  const [kind = ""] = spec.split(":", 1);
  const rest = spec.slice(kind.length + 1).trim();
  switch (kind.trim().toLowerCase()) {
    case "none":
      checkEmpty(spec, rest);
      return undefined;
    case "embedded":
      checkEmpty(spec, rest);
      return embeddedBot();
    case "webhook":
      if (rest === "") throw new TypeError("bot: `webhook:` needs a URL, such as webhook:http://127.0.0.1:5005/reply.");
      return webhookBot({ url: rest, ...(key === undefined || key === "" ? {} : { headers: { Authorization: `Bearer ${key}` } }) });
    case "openai": {
      const hash = rest.indexOf("#");
      const model = hash === -1 ? "" : rest.slice(hash + 1).trim();
      if (model === "") throw new TypeError("bot: `openai:` needs a URL and a model, such as openai:http://127.0.0.1:11434/v1#llama3.2.");
      return openaiBot({ url: rest.slice(0, hash), model, apiKey: key });
    }
    default:
      throw new TypeError(`bot: "${spec}" is not a bot. ${FORMS}`);
  }
}

function checkEmpty(spec: string, rest: string): void {
  if (rest !== "") throw new TypeError(`bot: "${spec}" has something after its colon that is not expected. ${FORMS}`);
}
