import { CHINESE_DURATION, durationMs, ENGLISH_DURATION } from "./durations.ts";

/** Something that the bot does, beside talking. */
export type Command =
  | { readonly kind: "help" }
  /** Without a word: all headlines. */
  | { readonly kind: "news"; readonly word: string | undefined }
  /** Without a symbol: the market. */
  | { readonly kind: "price"; readonly symbol: string | undefined }
  /** Without a time or a text, the reminder is incomplete. */
  | { readonly kind: "remind"; readonly delayMs: number | undefined; readonly what: string }
  | { readonly kind: "unknown"; readonly name: string };

const SLASH = /^[/／]\s?(\p{L}+)(?:\s+([^]*))?$/u;

const NAMES: Readonly<Record<string, "help" | "news" | "price" | "remind">> = {
  help: "help",
  帮助: "help",
  news: "news",
  新闻: "news",
  price: "price",
  quote: "price",
  价格: "price",
  股价: "price",
  remind: "remind",
  reminder: "remind",
  提醒: "remind",
};

const PRICES: readonly RegExp[] = [
  /\b(?:price|quote|value)s? (?:of|for) (?:the )?\$?([a-z][a-z0-9.]{1,9})(?: (?:stock|shares?|now|today|right now))*\s*[?？.!]*$/iu,
  /\b(?:how (?:much )?is|how's|what is|what's|check|show(?: me)?) \$?([A-Z][A-Z0-9.]{2,9})(?: (?:at|now|today|trading at|doing|worth|price|stock))+\s*[?？.!]*$/u,
  /^\$([A-Z][A-Z0-9.]{1,9})\s*[?？]*$/u,
  /^(?:what(?:'s| is) )?(?:the )?([A-Z][A-Z0-9.]{2,9}) (?:price|quote|stock price)\s*[?？.!]*$/u,
  /([a-z][a-z0-9.]{1,9}) ?(?:股票)?(?:现在)?(?:的)?(?:最新)?(?:价格|股价|报价|现价|行情|多少钱)/iu,
  /(?:价格|股价|报价|现价|行情)[^a-z]{0,4}([a-z][a-z0-9.]{1,9})\s*[?？。]*$/iu,
];

const MARKET =
  /^(?:(?:how (?:is|are)|what are|show me|show)?\s*(?:the )?(?:stock market|market|stocks|stock prices|share prices)(?: (?:doing|now|today))*|(?:看看|现在)?(?:股市|行情|股价|股票)(?:怎么样|如何)?)\s*[?？.!。]*$/iu;

const NEWS =
  /^(?:(?:what(?:'s| is| are) |any |show me |read me |tell me |give me |the )*(?:in )?(?:the )?(?:latest |newest |today's )?(?:news|headlines)(?: today| please| now)*|(?:有什么|有没有|来点|看看|播报|给我看看|说说|讲讲)?(?:最新的?|今天的?|今日)?(?:新闻|头条)(?:吗|呢|有哪些|有什么)?)\s*[?？.!。]*$/iu;

const REMINDERS: readonly { readonly pattern: RegExp; readonly time: number; readonly what: number }[] = [
  {
    pattern: new RegExp(
      `^(?:please |can you |could you )*remind me in (${ENGLISH_DURATION})(?:\\s*,)?(?:\\s+(?:to|about|that|of))?(?:\\s+([^]+))?$`,
      "iu",
    ),
    time: 1,
    what: 2,
  },
  {
    pattern: new RegExp(
      `^(?:please |can you |could you )*remind me (?:to |about |that |of )?([^]+?) in (${ENGLISH_DURATION})\\s*[.!?]*$`,
      "iu",
    ),
    time: 2,
    what: 1,
  },
  {
    pattern: new RegExp(
      `^(?:请|麻烦)?(?:你)?(?:在)?(${CHINESE_DURATION})(?:之后|以后|后)(?:请)?(?:提醒|叫|喊)(?:我|一下我)(?:去|要|该|记得)?([^]*)$`,
      "u",
    ),
    time: 1,
    what: 2,
  },
  {
    pattern: new RegExp(`^(?:请|麻烦)?(?:你)?提醒我(?:在)?(${CHINESE_DURATION})(?:之后|以后|后)(?:去|要|该|记得)?([^]*)$`, "u"),
    time: 1,
    what: 2,
  },
];

const ASKS_REMINDER =
  /^(?:please |can you |could you )*remind me\b(?: to| about| that| of)?|^(?:请|麻烦)?(?:你)?(?:[^，。]{0,8})?提醒我(?:去|要|该|记得)?/iu;

/** Symbols that are words of other questions: "the price of it". */
const NO_SYMBOLS = /^(?:it|this|that|artesian|the|a|an|my|your|oil|gold|bitcoin)$/i;

/**
 * Finds the command in a text, after a slash or in plain words.
 *
 * @param text - From `plainText`.
 */
export function findCommand(text: string): Command | undefined {
  const plain = text.trim();
  const [, name, rest = ""] = SLASH.exec(plain) ?? [];
  if (name !== undefined) return slashCommand(name, rest.trim());
  for (const { pattern, time, what } of REMINDERS) {
    const match = pattern.exec(plain);
    if (match !== null) return { kind: "remind", delayMs: durationMs(match[time] ?? ""), what: tidy(match[what]) };
  }
  const asked = ASKS_REMINDER.exec(plain);
  if (asked !== null) return { kind: "remind", delayMs: undefined, what: tidy(plain.slice(asked[0].length)) };
  if (NEWS.test(plain)) return { kind: "news", word: undefined };
  if (MARKET.test(plain)) return { kind: "price", symbol: undefined };
  for (const pattern of PRICES) {
    const symbol = pattern.exec(plain)?.[1];
    if (symbol !== undefined && !NO_SYMBOLS.test(symbol)) return { kind: "price", symbol };
  }
  return undefined;
}

function slashCommand(name: string, rest: string): Command {
  const kind = NAMES[name.toLowerCase()];
  if (kind === undefined) return { kind: "unknown", name };
  if (kind === "price") return { kind, symbol: rest === "" ? undefined : rest.split(/\s+/)[0]?.replace(/^\$/, "") };
  if (kind === "news") return { kind, word: rest === "" ? undefined : rest };
  if (kind === "help") return { kind };
  const [time] = new RegExp(`^(?:in\\s+)?(?:${ENGLISH_DURATION}|${CHINESE_DURATION})(?:之后|以后|后)?`, "iu").exec(rest) ?? [];
  if (time !== undefined) return { kind, delayMs: durationMs(time), what: tidy(rest.slice(time.length)) };
  const [, what, end] = new RegExp(`^([^]+?)\\s+(?:in\\s+)?(${ENGLISH_DURATION}|${CHINESE_DURATION})$`, "iu").exec(rest) ?? [];
  return { kind, delayMs: end === undefined ? undefined : durationMs(end), what: tidy(end === undefined ? rest : what) };
}

function tidy(text = ""): string {
  return text.replace(/^[\s,:，：]*(?:to\s+|about\s+|that\s+)?/i, "").replace(/[\s.!?。！？]+$/, "");
}
