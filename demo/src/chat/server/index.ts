/** The chat rooms' server part: rooms, presence and the bot, on Artesian's public API alone. */
export { type Chat, createChat } from "./chat.ts";
export { CHAT_TOPICS, chatIssuer, type ChatKey } from "./room-tokens.ts";
export type { ChatOptions } from "./options.ts";
export { type Bot, type BotContext, type BotMessage } from "./bots/bot.ts";
export { embeddedBot } from "./bots/embedded/embedded-bot.ts";
export { openaiBot } from "./bots/services/openai-bot.ts";
export { webhookBot } from "./bots/services/webhook-bot.ts";
export { parseBot } from "./bots/parse-bot.ts";
