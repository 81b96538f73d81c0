import type { BotContext, BotMessage } from "../bot.ts";
import { languageOf } from "../embedded/language.ts";

/** Most earlier lines that a service gets. */
const MAX_LINES = 10;

/** The place of the session's id in an address. The braces may be encoded. */
const SESSION = /\{session\}|%7Bsession%7D/gi;

/** A request to a service that answers messages. */
export interface WebhookRequest {
  readonly url: URL;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Makes the request for a message, in the form that the service reads:
 *
 * - One body for most services. It has our members, the members of Rasa's REST channel (`sender`,
 *   `message`), and the members of a fulfillment webhook of Dialogflow ES (`queryResult`, `session`) and CX
 *   (`sessionInfo`, `fulfillmentInfo`).
 * - For an address that ends with `:detectIntent`, the body of Dialogflow's own API, ES or CX, which
 *   refuses unknown members.
 */
export function webhookRequest(url: URL, message: BotMessage, context: Pick<BotContext, "history" | "session">): WebhookRequest {
  const { room, nickname, text } = message;
  // A bot outside of a chat may have no session.
  const session = context.session ?? room;
  const to = new URL(url.href.replace(SESSION, encodeURIComponent(session)));
  const languageCode = (languageOf(text) ?? message.language) === "zh" ? "zh-CN" : "en";
  const history = context.history.slice(-MAX_LINES);
  const about = { room, nickname, history };
  if (to.pathname.endsWith(":detectIntent")) {
    const queryInput = /\/locations\/[^/]+\/agents\//.test(to.pathname)
      ? { text: { text }, languageCode }
      : { text: { text, languageCode } };
    return { url: to, body: { queryInput, queryParams: { payload: about } } };
  }
  return {
    url: to,
    body: {
      ...about,
      text,
      session,
      sender: session,
      message: text,
      languageCode,
      queryResult: { queryText: text, languageCode, parameters: {} },
      sessionInfo: { session, parameters: {} },
      fulfillmentInfo: { tag: "chat" },
    },
  };
}
