import { findSum } from "./arithmetic.ts";
import type { Bot } from "./bot.ts";
import { BRAIN_ARTESIAN } from "./brain-artesian.ts";
import { BRAIN_BASICS, CALLED, NO_SUM, SUM } from "./brain-basics.ts";
import { BRAIN_CHAT } from "./brain-chat.ts";
import { BRAIN_FALLBACK } from "./brain-fallback.ts";
import { type FollowUp, type Language, LANGUAGES, type Rule } from "./brain-rule.ts";
import { BRAIN_SMALL_TALK } from "./brain-small-talk.ts";
import { type Fit, fitTrigger, mayFit, parseTrigger, type Trigger } from "./trigger.ts";
import { isChinese, plainText, splitWords, type Word } from "./words.ts";

export interface EmbeddedBotOptions {
  /**
   * Most people whom the bot remembers. Default 1,000. The bot forgets the longest silent first.
   */
  readonly people?: number;
}

/** Most characters of a message that are read. */
const MAX_INPUT_LENGTH = 240;

/** How often a rule may hand the rest of a message on, such as after "hello" and "please". */
const MAX_RESTS = 3;

/** Most characters of a name that are kept. */
const MAX_NAME_LENGTH = 60;

/** The bot's memory of one person. */
interface Person {
  name?: string;
  /** The language of the last message that had words. */
  language: Language;
  /** Replies to the next message. */
  next?: FollowUp | undefined;
}

interface RuleTrigger {
  readonly rule: Rule;
  readonly trigger: Trigger;
}

/** A rule that fits, or what follows on one, and the words of the message at its `{words}`. */
interface Found {
  readonly rule: FollowUp & Partial<Rule>;
  readonly words: readonly Word[];
}

type Values = Readonly<Record<string, string>>;

const RULES = parseRules([...BRAIN_BASICS, ...BRAIN_ARTESIAN, ...BRAIN_CHAT, ...BRAIN_SMALL_TALK]);
const FALLBACK = parseRules(BRAIN_FALLBACK);

/**
 * The bot that works offline, in English and Chinese, by the rules of its brain. The bot greets,
 * remembers names, explains Artesian and jokes. It admits when it does not understand.
 */
export function embeddedBot(options: EmbeddedBotOptions = {}): Bot {
  const { people = 1000 } = options;
  /** The person who spoke longest ago comes first. */
  const known = new Map<string, Person>();

  function personOf(room: string, nickname: string): Person {
    const key = JSON.stringify([room, nickname]);
    const person = known.get(key) ?? { language: "en" };
    known.delete(key);
    known.set(key, person);
    const [oldest] = known.keys();
    if (known.size > people && oldest !== undefined) known.delete(oldest);
    return person;
  }

  return {
    async reply({ room, nickname, text }, { botName, streamUrl, signal }) {
      signal.throwIfAborted();
      const person = personOf(room, nickname);
      const input = plainText(text.slice(0, MAX_INPUT_LENGTH));
      if (/\p{L}/u.test(input)) person.language = isChinese(input) ? "zh" : "en";
      const values = { nick: nickname, bot: botName, ...snippets(streamUrl), ...clock(person.language) };

      const sum = text.length > MAX_INPUT_LENGTH ? undefined : findSum(withoutName(text, botName));
      if (sum !== undefined) {
        const replies = Number.isFinite(sum) ? SUM : NO_SUM;
        return fillIn(pick(replies[person.language]), { ...values, sum: String(Number(sum.toPrecision(12))) });
      }
      const words = withoutPhrase(splitWords(input), splitWords(plainText(botName)));
      // An emoji is talk too. No text at all is the bot's name alone.
      const isCall = words.length === 0 && (text.trim() === "" || /\p{L}/u.test(input));
      return isCall ? fillIn(pick(CALLED[person.language]), values) : answer(person, input, words, values);
    },
  };
}

function answer(person: Person, input: string, words: readonly Word[], values: Values): string {
  const { language, next } = person;
  const found: Found | undefined = next === undefined ? (find(RULES, words) ?? find(FALLBACK, words)) : { rule: next, words };
  if (found === undefined) throw new Error("the bot's brain has no rule that fits everything");
  const { does, sayToKnown, say } = found.rule;
  person.next = found.rule.next;
  // An emoji may be the answer in a game.
  const said = asWritten(input, found.words) || input.trim();
  if (does === "learn name") person.name = capitalised(said).slice(0, MAX_NAME_LENGTH).toWellFormed();
  if (does === "forget name") delete person.name;
  const { name } = person;
  const replies = name === undefined || sayToKnown === undefined ? say : sayToKnown;
  return fillIn(pick(replies[language]), { ...values, name: name ?? values["nick"] ?? "", words: said, Words: capitalised(said) });
}

function parseRules(rules: readonly Rule[]): RuleTrigger[] {
  return rules.flatMap((rule) =>
    LANGUAGES.flatMap((language) => rule.when[language].map((source) => ({ rule, trigger: parseTrigger(source) }))),
  );
}

/**
 * Finds the rule that names most of the words.
 *
 * @param rests - How often a rule may hand the rest of the words on.
 */
function find(rules: readonly RuleTrigger[], words: readonly Word[], rests = MAX_RESTS): Found | undefined {
  const texts = words.map(({ text }) => text);
  const vocabulary = new Set(texts);
  let best: (Fit & { rule: Rule }) | undefined;
  for (const { rule, trigger } of rules) {
    const fit = mayFit(trigger, vocabulary) ? fitTrigger(trigger, texts) : undefined;
    if (fit !== undefined && (best === undefined || fit.named > best.named)) best = { rule, ...fit };
  }
  if (best === undefined) return undefined;
  const found = { rule: best.rule, words: words.slice(best.from, best.to) };
  if (best.rule.does !== "answer words" || rests === 0) return found;
  return find(rules, found.words, rests - 1) ?? found;
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
  return words.slice(isName(words.at(0)) ? 1 : 0, isName(words.at(-1)) ? -1 : undefined).join(" ");
}

function snippets(streamUrl: string): Values {
  return {
    curl: `curl -d topic=greeting -d 'data=Hello, world!' ${streamUrl}`,
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
