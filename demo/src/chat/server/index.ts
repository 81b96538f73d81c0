/** The chat rooms' server part: rooms, presence and the bot, on Artesian's public API alone. */
export { type Chat, createChat } from "./chat.ts";
export { CHAT_TOPICS, chatIssuer, type ChatKey } from "./room-tokens.ts";
export type { ChatLimits, ChatLogger, ChatOptions } from "./options.ts";
export { type Bot, type BotContext, type BotHistoryLine, type BotMessage, type BotPart, TAKE_BACK } from "./bots/bot.ts";
export { embeddedBot, type EmbeddedBotOptions } from "./bots/embedded-bot.ts";
export { openaiBot, type OpenaiBotOptions } from "./bots/openai-bot.ts";
export { webhookBot, type WebhookBotOptions } from "./bots/webhook-bot.ts";
export { parseBot } from "./bots/parse-bot.ts";
