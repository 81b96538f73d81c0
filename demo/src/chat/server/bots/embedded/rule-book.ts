import { tellingWords } from "../docs/tokens.ts";
import { FALLBACK, RULES } from "../rules/index.ts";
import { type FollowUp, LANGUAGES, type Rule } from "../rules/rule.ts";
import { type Fit, fitTrigger, mayFit, parseTrigger, type Trigger } from "./trigger.ts";
import type { Word } from "./words.ts";

/** How often a rule may hand the rest of a message on, such as after "hello" and "please". */
const MAX_RESTS = 3;

interface RuleTrigger {
  readonly rule: Rule;
  readonly trigger: Trigger;
}

/** A rule that fits, or its follow-up. */
export interface Found {
  readonly rule: FollowUp & Partial<Rule>;
  /** The words of the message at the rule's `{words}`. */
  readonly words: readonly Word[];
  /** Share of the words that tell the message's subject, as far as the rule names words. May pass 1. */
  readonly named: number;
}

const BOOK = parseRules(RULES);
const LAST_RESORT = parseRules(FALLBACK);

/** Finds the rule that names most of the words. */
export function findRule(words: readonly Word[]): Found | undefined {
  return find(BOOK, words, MAX_RESTS);
}

/** Finds the rule that admits best that no other fits. */
export function findFallback(words: readonly Word[]): Found {
  const found = find(LAST_RESORT, words, 0);
  if (found === undefined) throw new Error("the bot's brain has no rule that fits everything");
  return found;
}

function parseRules(rules: readonly Rule[]): RuleTrigger[] {
  return rules.flatMap((rule) =>
    LANGUAGES.flatMap((language) => rule.when[language].map((source) => ({ rule, trigger: parseTrigger(source) }))),
  );
}

/** @param rests - How often a rule may hand the rest of the words on. */
function find(rules: readonly RuleTrigger[], words: readonly Word[], rests: number): Found | undefined {
  const texts = words.map(({ text }) => text);
  const vocabulary = new Set(texts);
  // Chinese words are found only in characters that stand together.
  const sentence = texts.join(" ").replace(/(?<=\p{sc=Han}) (?=\p{sc=Han})/gu, "");
  let best: (Fit & { rule: Rule }) | undefined;
  for (const { rule, trigger } of rules) {
    const fit = mayFit(trigger, vocabulary) ? fitTrigger(trigger, texts) : undefined;
    if (fit !== undefined && (best === undefined || fit.named > best.named)) best = { rule, ...fit };
  }
  if (best === undefined) return undefined;
  const { rule, from, to, named } = best;
  const found = { rule, words: words.slice(from, to), named: rule.does === undefined ? named / Math.max(1, tellingWords(sentence)) : 1 };
  if (rule.does !== "answer words" || rests === 0) return found;
  // "Please" and the like name nothing of the question behind them.
  return find(rules, found.words, rests - 1) ?? { ...found, named: 0 };
}
