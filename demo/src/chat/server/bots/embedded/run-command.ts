import { MAX_HEADLINES } from "../../cards.ts";
import { parseQuote } from "../../../../stocks/server/parse-quote.ts";
import { QUOTES_PATTERN, quoteTopic, type StockQuote } from "../../../../stocks/server/wire.ts";
import type { BotAnswer, BotContext, BotMessage, Language } from "../bot.ts";
import type { Command } from "./commands.ts";
import { COMPANIES } from "../../../../stocks/server/companies.ts";
import { writtenDuration } from "./durations.ts";
import { type NewsHeadline, parseHeadline } from "./headlines.ts";
import { TEXTS } from "./command-texts.ts";

/** Shortest and longest time of a reminder, in milliseconds. */
const REMINDER_MS = { min: 1000, max: 30 * 86_400_000 };

/** Longest text of a reminder, in characters. */
const MAX_REMINDER_LENGTH = 200;

/** Most symbols that are looked through, and that an answer names. */
const MAX_SYMBOLS = 200;
const SYMBOLS_NAMED = 5;

/** Most headlines that are looked through. */
const MAX_SEARCHED = 300;

/** Most characters of a searched word in the answer. */
const WORD_SHOWN = 40;

/** Topics of the headlines: the news app publishes on one topic for each feed. */
const HEADLINES_PATTERN = "/news/:feed";

/** Carries a command out, and says so in the language of the person. */
export async function runCommand(
  command: Exclude<Command, { kind: "help" }>,
  message: BotMessage,
  language: Language,
  context: BotContext,
): Promise<BotAnswer> {
  const texts = TEXTS[language];
  switch (command.kind) {
    case "unknown":
      return { text: texts.unknownCommand(command.name) };
    case "remind":
      return { text: await remind(command.delayMs, command.what, message, language, context) };
    case "news":
      return await news(command.word, language, context);
    case "price":
      return await price(command.symbol, language, context);
  }
}

async function remind(
  delayMs: number | undefined,
  what: string,
  { nickname }: BotMessage,
  language: Language,
  { later }: BotContext,
): Promise<string> {
  const texts = TEXTS[language];
  if (later === undefined) return texts.noReminders;
  if (delayMs === undefined) return texts.reminderNeedsTime;
  if (delayMs < REMINDER_MS.min || delayMs > REMINDER_MS.max) return texts.reminderRange;
  const short = what === "" ? texts.somethingToDo : what.slice(0, MAX_REMINDER_LENGTH).toWellFormed();
  const outcome = await later(texts.reminder(nickname, short), delayMs);
  if (outcome === "full") return texts.tooManyReminders;
  return outcome === "kept" ? texts.willRemind(writtenDuration(delayMs, language), short) : texts.noReminders;
}

async function news(word: string | undefined, language: Language, { newest, streamUrl }: BotContext): Promise<BotAnswer> {
  const texts = TEXTS[language];
  const updates = (await newest?.(HEADLINES_PATTERN, MAX_SEARCHED)) ?? [];
  const has = (text: string): boolean => word === undefined || text.toLowerCase().includes(word.toLowerCase());
  const headlines = updates
    .map(parseHeadline)
    .filter((headline): headline is NewsHeadline => headline !== undefined && (has(headline.title) || has(headline.feed)))
    .toSorted((a, b) => b.at - a.at)
    .filter(({ id }, index, all) => all.findIndex((other) => other.id === id) === index)
    .slice(0, MAX_HEADLINES);
  const page = new URL("/news", streamUrl).href;
  if (headlines.length === 0) return { text: word === undefined ? texts.noNews(page) : texts.noNewsOf(shortened(word), page) };
  const lines = headlines.map(({ title, feed, link }) => `• ${title} (${feed})${link === undefined ? "" : `\n  ${link}`}`);
  return {
    text: `${word === undefined ? texts.newsLead : texts.newsOf(shortened(word))}\n${lines.join("\n")}`,
    card: { kind: "news", headlines: headlines.map(({ title, feed, link }) => ({ title, feed, ...(link === undefined ? {} : { link }) })) },
  };
}

function shortened(word: string): string {
  return word.slice(0, WORD_SHOWN).toWellFormed();
}

async function price(symbol: string | undefined, language: Language, { newest, streamUrl }: BotContext): Promise<BotAnswer> {
  const texts = TEXTS[language];
  const quotesOf = async (pattern: string, count: number): Promise<StockQuote[]> =>
    ((await newest?.(pattern, count, "each")) ?? [])
      .map(({ type, data }) => parseQuote(type, data))
      .filter((quote): quote is StockQuote => quote !== undefined);
  const same = (text: string): boolean => text.toUpperCase() === symbol?.toUpperCase();
  const one = symbol === undefined ? undefined : (await quotesOf(quoteTopic(symbol.toUpperCase()), 1)).find((quote) => same(quote.symbol));
  if (one !== undefined) return priceAnswer(one, texts);
  // Nearly all symbols are in capitals. Others, and names, are looked for among all.
  const all = await quotesOf(QUOTES_PATTERN, MAX_SYMBOLS);
  const company = COMPANIES.find(({ name, nameZh }) => same(name) || same(nameZh));
  const other = all.find((quote) => same(quote.symbol) || quote.symbol === company?.symbol);
  if (other !== undefined) return priceAnswer(other, texts);
  const page = new URL("/stocks", streamUrl).href;
  if (all.length === 0) return { text: texts.noPrices(page) };
  const moved = all.toSorted((a, b) => Math.abs(b.changePercent) - Math.abs(a.changePercent));
  if (symbol === undefined) return { text: texts.market(moved.slice(0, SYMBOLS_NAMED), page) };
  const near = all.filter((one) => one.symbol.startsWith(symbol.slice(0, 2).toUpperCase()));
  return { text: texts.noPrice(symbol, [...new Set([...near, ...moved].map((one) => one.symbol))].slice(0, SYMBOLS_NAMED), page) };
}

function priceAnswer(quote: StockQuote, texts: (typeof TEXTS)[Language]): BotAnswer {
  const { symbol, price: at, change, changePercent, at: time, simulated } = quote;
  return { text: texts.price(quote), card: { kind: "price", symbol, price: at, change, changePercent, at: time, simulated } };
}
