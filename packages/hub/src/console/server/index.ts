/** The server part of the console, which shows a hub's activity, on Artesian's public API alone. */
export { type Console, createConsole } from "./console.ts";
export { CONSOLE_TOPICS, consoleIssuer, type ConsoleKey } from "./stats-tokens.ts";
export type { ConsoleOptions } from "./options.ts";
