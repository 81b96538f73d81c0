import type { Bot, BotContext, Language } from "../bot.ts";
import { shippedDocs } from "../docs/docs-index.ts";
import { CALLED, MORE, NO_SUM, OTHER_LANGUAGE, SUM, UNREAD_SUM } from "../rules/replies.ts";
import type { Replies } from "../rules/rule.ts";
import { findSum, isLikeSum, type Sum } from "./arithmetic.ts";
import { findCommand } from "./commands.ts";
import { docsAnswer, DocsAnswers } from "./docs-answers.ts";
import { languageOf } from "./language.ts";
import { People, type Person } from "./people.ts";
import { findFallback, findRule, type Found } from "./rule-book.ts";
import { runCommand } from "./run-command.ts";
import { plainText, splitWords, type Word } from "./words.ts";

export interface EmbeddedBotOptions {
  /**
   * Most people whom the bot remembers. Default 1,000. The bot forgets the longest silent first.
   */
  readonly people?: number;
  /**
   * Folder of the docs, as Markdown, from which the bot answers questions. Default: the docs of
   * the package `artesian`. False: none.
   */
  readonly docs?: string | false;
}

/** Most characters of a message that are read. */
const MAX_INPUT_LENGTH = 240;

/** Most characters of a name that are kept. */
const MAX_NAME_LENGTH = 60;

/** Share of a question's words that a rule must name. Below that, the docs may know better. */
const SURE = 0.5;

type Values = Readonly<Record<string, string>>;

/**
 * The bot that works offline, in English and Chinese. Carries commands out, works sums out, talks
 * by the rules in `rules/`, and answers other questions from the docs. Admits its limits.
 */
export function embeddedBot(options: EmbeddedBotOptions = {}): Bot {
  const people = new People(options.people ?? 1000);
  const docs = new DocsAnswers(options.docs === false ? undefined : (options.docs ?? shippedDocs()));
  return {
    async reply(message, context) {
      context.signal.throwIfAborted();
      void docs.prepare();
      const { room, nickname, visitor = nickname, text } = message;
      const person = people.get(room, visitor, message.language ?? "en");
      const input = plainText(text.slice(0, MAX_INPUT_LENGTH));
      const asked = withoutName(input, context.botName);
      const language = languageOf(asked);
      if (language === "other") return pick(OTHER_LANGUAGE[person.language]);
      const command = findCommand(asked);
      // The name of a command says nothing about the language of a person.
      if (language !== undefined && !(command !== undefined && language === "en" && /^[/／]/.test(asked))) person.language = language;
      if (command !== undefined && command.kind !== "help") return await runCommand(command, message, person.language, context);

      const sum = text.length > MAX_INPUT_LENGTH ? undefined : findSum(asked, person.sum);
      const values = { nick: nickname, bot: context.botName, ...snippets(context.streamUrl), ...clock(person.language) };
      if (sum !== undefined) return sumAnswer(sum, person, values);
      const words = withoutPhrase(splitWords(command === undefined ? input : "help"), splitWords(plainText(context.botName)));
      // An emoji is talk too. No text at all is the bot's name alone.
      const isCall = words.length === 0 && (text.trim() === "" || /\p{L}/u.test(input));
      return isCall ? fillIn(pick(CALLED[person.language]), values) : await talk(person, asked, input, words, values, docs, context);
    },
  };
}

async function talk(
  person: Person,
  asked: string,
  input: string,
  words: readonly Word[],
  values: Values,
  docs: DocsAnswers,
  { streamUrl }: Pick<BotContext, "streamUrl">,
): Promise<string> {
  const { language, next, more = [] } = person;
  if (next !== undefined) return ruleAnswer(person, input, { rule: next, words, named: 1 }, values);
  person.more = undefined;
  const [another, ...others] = more;
  if (another !== undefined && MORE[language].test(asked)) {
    person.more = others;
    return docsAnswer(another, language, streamUrl);
  }
  const rule = findRule(words);
  if (rule !== undefined && rule.named >= SURE) return ruleAnswer(person, input, rule, values);
  if (rule === undefined && isLikeSum(asked)) return pick(UNREAD_SUM[language]);
  const [best, ...rest] = await docs.find(asked, rule !== undefined);
  if (best === undefined) return ruleAnswer(person, input, rule ?? findFallback(words), values);
  person.more = rest;
  return docsAnswer(best, language, streamUrl);
}

function ruleAnswer(person: Person, input: string, found: Found, values: Values): string {
  const { does, sayToKnown, say } = found.rule;
  person.next = found.rule.next;
  // An emoji may be the answer in a game.
  const said = asWritten(input, found.words) || input.trim();
  if (does === "learn name") person.name = capitalised(said).slice(0, MAX_NAME_LENGTH).toWellFormed();
  if (does === "forget name") delete person.name;
  const { name, language } = person;
  const replies = name === undefined || sayToKnown === undefined ? say : sayToKnown;
  return fillIn(pick(replies[language]), { ...values, name: name ?? values["nick"] ?? "", words: said, Words: capitalised(said) });
}

function sumAnswer(sum: Sum, person: Person, values: Values): string {
  if (sum.none !== undefined) return pick(NO_SUM[sum.none][person.language]);
  person.sum = sum.value;
  const replies: Replies = sum.exact ? SUM.exact : SUM.rounded;
  return fillIn(pick(replies[person.language]), { ...values, sum: sum.text });
}

function pick(replies: readonly string[]): string {
  return replies[Math.floor(Math.random() * replies.length)] ?? "";
}

/** Words as they stand in the message, without the punctuation between them. */
function asWritten(input: string, words: readonly Word[]): string {
  let said = "";
  let end = 0;
  for (const { from, to } of words) {
    if (from < end) continue;
    said += (said !== "" && from > end ? " " : "") + input.slice(from, to);
    end = to;
  }
  return said;
}

function capitalised(words: string): string {
  return words.replace(/(?<=^| )\p{L}/gu, (letter) => letter.toUpperCase());
}

function withoutPhrase(words: readonly Word[], phrase: readonly Word[]): Word[] {
  const rest: Word[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (phrase.length > 0 && phrase.every(({ text }, offset) => words[at + offset]?.text === text)) at += phrase.length - 1;
    else if (word !== undefined) rest.push(word);
  }
  return rest;
}

/** A text without the bot's name at its start or end. */
function withoutName(text: string, botName: string): string {
  const words = text.trim().split(/\s+/);
  const isName = (word: string | undefined): boolean =>
    word !== undefined && word.replace(/^@|[,:;.?!]+$/g, "").toLowerCase() === botName.toLowerCase();
  const rest = words.slice(isName(words.at(0)) ? 1 : 0, isName(words.at(-1)) ? -1 : undefined);
  return rest.length === words.length ? text.trim() : rest.join(" ");
}

function snippets(streamUrl: string): Values {
  return {
    curl: `curl -d topic=greeting -d 'data=Hello, world!' ${streamUrl}`,
    docs: new URL("/docs", streamUrl).href,
    js: 'new EventSource("/events/stream?match=greeting").onmessage = (event) => console.log(event.data);',
  };
}

const TIME = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" } as const;
const DATE = { weekday: "long", day: "numeric", month: "long", year: "numeric" } as const;

const CLOCKS = {
  en: { time: new Intl.DateTimeFormat("en-GB", TIME), date: new Intl.DateTimeFormat("en-GB", DATE) },
  zh: { time: new Intl.DateTimeFormat("zh-CN", TIME), date: new Intl.DateTimeFormat("zh-CN", DATE) },
};

function clock(language: Language): Values {
  const { time, date } = CLOCKS[language];
  return { time: time.format(), date: date.format() };
}

/** Fills in all values at once, so that no value is read as a placeholder. */
function fillIn(reply: string, values: Values): string {
  return reply.replace(/\{([a-z]+)\}/gi, (whole, key: string) => (Object.hasOwn(values, key) ? (values[key] ?? whole) : whole));
}
