/** The console's server part: what a hub is doing, on Artesian's public API alone. */
export { type Console, createConsole } from "./console.ts";
export { CONSOLE_TOPICS, consoleIssuer, type ConsoleKey } from "./stats-tokens.ts";
export type { ConsoleOptions } from "./options.ts";
