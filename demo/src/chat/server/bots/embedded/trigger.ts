import { plainText, splitWords } from "./words.ts";

/** How a trigger fits a message. */
export interface Fit {
  /** Words of the message that the trigger names. */
  readonly named: number;
  /** The first word at `{words}`, and the first after them. Equal if the trigger has none. */
  readonly from: number;
  readonly to: number;
}

/** Phrases by their first word, one of which stands here. */
interface Choice {
  readonly optional: boolean;
  readonly phrases: ReadonlyMap<string, readonly (readonly string[])[]>;
}

type Part = "any" | "words" | Choice;

/** A compiled trigger. The syntax is described at `Rule`. */
export type Trigger = readonly Part[];

const PART = /\s*(?:\(([^()[\]{}*]+)\)|\[([^()[\]{}*]+)\]|(\*)|(\{words\})|([^\s()[\]{}*|]+))\s*/y;

/** @throws TypeError if the trigger has an unbalanced bracket, or no words. */
export function parseTrigger(source: string): Trigger {
  const parts: Part[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < source.length) {
    const at = PART.lastIndex;
    const match = PART.exec(source);
    if (match === null) throw new TypeError(`the bot's trigger "${source}" is not understood from "${source.slice(at)}" on`);
    const [, oneOf, oneOrNone, any, words, plain] = match;
    if (any !== undefined) parts.push("any");
    else if (words !== undefined) parts.push("words");
    else parts.push(choice(oneOf ?? oneOrNone ?? plain ?? "", oneOrNone !== undefined, source));
  }
  if (parts.length === 0) throw new TypeError("a trigger of the bot is empty");
  return parts;
}

function choice(source: string, optional: boolean, trigger: string): Choice {
  const phrases = new Map<string, string[][]>();
  for (const alternative of source.split("|")) {
    const phrase = splitWords(plainText(alternative)).map(({ text }) => text);
    const [first] = phrase;
    if (first === undefined) throw new TypeError(`the bot's trigger "${trigger}" has a choice without a word`);
    const others = phrases.get(first);
    if (others === undefined) phrases.set(first, [phrase]);
    else others.push(phrase);
  }
  return { optional, phrases };
}

/**
 * Whether the words of a message include the first word of each choice. The cheap test before
 * {@link fitTrigger}, which few triggers pass.
 */
export function mayFit(trigger: Trigger, words: ReadonlySet<string>): boolean {
  return trigger.every((part) => typeof part === "string" || part.optional || [...part.phrases.keys()].some((first) => words.has(first)));
}

/** The best fit of the parts so far that ends before each word, and after the last. */
type Reached = (Fit | undefined)[];

/**
 * Fits a trigger to a whole message, in the way that names most words. Tries each part once at each
 * word and never goes back. The time grows with the words times the trigger's length.
 */
export function fitTrigger(trigger: Trigger, words: readonly string[]): Fit | undefined {
  let reached: Reached = Array.from({ length: words.length + 1 });
  reached[0] = { named: 0, from: 0, to: 0 };
  for (const part of trigger) {
    if (part === "any") reached = afterAny(reached);
    else if (part === "words") reached = afterWords(reached);
    else reached = afterChoice(part, reached, words);
  }
  return reached[words.length];
}

function better(one: Fit | undefined, other: Fit): Fit {
  return one !== undefined && one.named >= other.named ? one : other;
}

function afterAny(reached: Reached): Reached {
  let best: Fit | undefined;
  return reached.map((fit) => (best = fit === undefined ? best : better(best, fit)));
}

function afterWords(reached: Reached): Reached {
  let best: Fit | undefined;
  return reached.map((fit, at) => {
    const through = best && { ...best, to: at };
    if (fit !== undefined) best = better(best, { named: fit.named, from: at, to: at });
    return through;
  });
}

function afterChoice({ optional, phrases }: Choice, reached: Reached, words: readonly string[]): Reached {
  const next: Reached = optional ? [...reached] : Array.from({ length: reached.length });
  for (const [at, fit] of reached.entries()) {
    const first = words[at];
    if (fit === undefined || first === undefined) continue;
    for (const phrase of phrases.get(first) ?? []) {
      if (!phrase.every((word, offset) => words[at + offset] === word)) continue;
      const end = at + phrase.length;
      next[end] = better(next[end], { ...fit, named: fit.named + phrase.length });
    }
  }
  return next;
}
