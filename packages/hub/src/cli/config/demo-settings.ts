import type { Config, Key, Setting } from "./config.ts";
import { duration, text, texts, toggle } from "./values.ts";

const HOUR = 3_600_000;

/**
 * Range of a wait for a token, in milliseconds. Node's `fetch` gives up a body that is silent for 5
 * minutes.
 */
const TOKEN_RANGE_MS: readonly [min: number, max: number] = [1000, 300_000];

/** Settings of the demo's apps alone. */
type DemoKey = "bot" | "botFirstToken" | "botNextToken" | "botAnswer" | "quotes" | "feed" | "privateFeeds";

/** The settings of the demo's apps. */
export const DEMO_SETTINGS: { readonly [K in DemoKey]: Setting<Config[K]> } = {
  bot: {
    group: "Other",
    placeholder: "<spec>",
    schema: text("a bot."),
    fallback: "embedded",
    help: "bot in the chat: embedded, none, webhook:URL or openai:URL#MODEL (its key in ARTESIAN_BOT_KEY)",
  },
  botFirstToken: {
    group: "Other",
    placeholder: "<duration>",
    schema: duration(...TOKEN_RANGE_MS),
    fallback: 180_000,
    help: "longest time to the first token of the bot's answer (local models load and read first)",
  },
  botNextToken: {
    group: "Other",
    placeholder: "<duration>",
    schema: duration(...TOKEN_RANGE_MS),
    fallback: 20_000,
    help: "longest time between two tokens of the bot's answer, which is then cut off",
  },
  botAnswer: {
    group: "Other",
    placeholder: "<duration>",
    schema: duration(1000, HOUR),
    fallback: 300_000,
    help: "longest time for a whole answer of the bot, which is then cut off",
  },
  quotes: {
    group: "Other",
    placeholder: "<spec>",
    schema: text("where prices come from."),
    fallback: "simulated",
    help: "prices of the stock ticker: simulated, none, a URL of JSON or CSV, a CSV file, or a JSON file of options",
  },
  feed: {
    group: "Other",
    placeholder: "<feed>",
    repeatable: true,
    schema: texts("a feed."),
    fallback: [],
    shown: "sample feeds, which are invented",
    help: "feed of the news ticker: URL, or NAME=URL (repeatable)",
  },
  privateFeeds: {
    group: "Other",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    help: "let feeds that are added in the page, and pictures, be in private networks too",
  },
};

/** Their keys, which the other commands leave out. */
export const OF_DEMO: ReadonlySet<Key> = new Set(Object.keys(DEMO_SETTINGS) as Key[]);
