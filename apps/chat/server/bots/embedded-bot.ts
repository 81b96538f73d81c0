import RiveScript from "rivescript";
import { findSum } from "./arithmetic.ts";
import type { Bot } from "./bot.ts";
import { BRAIN_ARTESIAN } from "./brain-artesian.ts";
import { BRAIN_BASICS } from "./brain-basics.ts";
import { BRAIN_FALLBACK } from "./brain-fallback.ts";
import { BRAIN_SMALL_TALK } from "./brain-small-talk.ts";

export interface EmbeddedBotOptions {
  /** Most people whose names are remembered. Default 1,000; who spoke longest ago is forgotten first. */
  readonly people?: number;
}

/** Patterns are tried against this much of a message: matching takes time that grows with the length. */
const MAX_INPUT_LENGTH = 240;

/** What the library answers when no pattern fits; never shown. */
const NO_MATCH = "(no match)";

/**
 * The bot that works offline: a few hundred lines of patterns, run by RiveScript. It greets, remembers names, tells
 * what Artesian is and how to use it, jokes, and says so when it does not understand.
 */
export function embeddedBot(options: EmbeddedBotOptions = {}): Bot {
  const { people = 1000 } = options;
  const script = loadBrain([BRAIN_BASICS, BRAIN_ARTESIAN, BRAIN_SMALL_TALK]);
  const fallback = loadBrain([BRAIN_FALLBACK]);
  /** Who spoke, who spoke longest ago first. */
  const known = new Set<string>();
  // One answer at a time: the library keeps the asking user in a field while it works.
  let turn: Promise<unknown> = Promise.resolve();

  async function answer(user: string, text: string): Promise<string> {
    known.delete(user);
    known.add(user);
    if (known.size > people) {
      const [oldest] = known;
      if (oldest !== undefined) {
        known.delete(oldest);
        await Promise.all([script.clearUservars(oldest), fallback.clearUservars(oldest)]);
      }
    }
    const reply = await script.reply(user, text);
    return reply === NO_MATCH ? await fallback.reply(user, text) : reply;
  }

  return {
    async reply({ room, nickname, text }, { botName, streamUrl, signal }) {
      signal.throwIfAborted();
      const sum = text.length > MAX_INPUT_LENGTH ? undefined : findSum(withoutName(text, botName));
      if (sum !== undefined) return sumText(sum);
      const input = plainWords(text, botName);
      // A text without a word, such as an emoji, is talk too; no text at all is the bot's name alone.
      const said = input !== "" ? input : text.trim() === "" ? "bot called" : "…";
      const answering = turn.then(() => answer(`${room}/${nickname}`, said));
      turn = answering.catch(() => {});
      return fillIn(await answering, { nick: nickname, bot: botName, ...snippets(streamUrl), ...clock() });
    },
  };
}

function loadBrain(brains: readonly string[]): RiveScript {
  const script = new RiveScript({ utf8: true, errors: { replyNotMatched: NO_MATCH } });
  for (const brain of brains) {
    script.stream(brain, (error) => {
      throw new Error(`The embedded bot's brain has an error: ${error}`);
    });
  }
  script.sortReplies();
  return script;
}

/**
 * What somebody wrote, as words alone and without the bot's name. Every character that means something to the library's tags or patterns goes, so
 * that nobody can write replies or set variables of others.
 */
function plainWords(text: string, botName: string): string {
  return text
    .slice(0, MAX_INPUT_LENGTH)
    .replace(/[’`´]/g, "'")
    .replace(/[^\p{L}\p{M}\p{N}' ]/gu, " ")
    .split(" ")
    .filter((word) => word !== "" && word.toLowerCase() !== botName.toLowerCase())
    .join(" ");
}

/** A text without the bot's name at its begin or end. */
function withoutName(text: string, botName: string): string {
  const words = text.trim().split(/\s+/);
  const isName = (word: string | undefined): boolean =>
    word !== undefined && word.replace(/^@|[,:;.?!]+$/g, "").toLowerCase() === botName.toLowerCase();
  return words.slice(isName(words.at(0)) ? 1 : 0, isName(words.at(-1)) ? -1 : undefined).join(" ");
}

function sumText(value: number): string {
  if (!Number.isFinite(value)) return "That has no answer that I could write down.";
  return `That makes ${Number(value.toPrecision(12))}. I carried the one myself.`;
}

function snippets(streamUrl: string): Record<string, string> {
  return {
    curl: `curl -d topic=greeting -d 'data=Hello, world!' ${streamUrl}`,
    js: 'new EventSource("/events/stream?match=greeting").onmessage = (event) => console.log(event.data);',
  };
}

function clock(): Record<string, string> {
  const now = new Date();
  return {
    time: now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZoneName: "short" }),
    date: now.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  };
}

/** Filled in last, so that nothing in a nickname is ever read as part of the script. */
function fillIn(reply: string, values: Readonly<Record<string, string>>): string {
  return reply.replace(/~([a-z]+)~/g, (whole, key: string) => (Object.hasOwn(values, key) ? (values[key] ?? whole) : whole));
}
