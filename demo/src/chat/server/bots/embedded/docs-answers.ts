import { type DocsIndex, type Hit, readDocs } from "../docs/docs-index.ts";
import { firstSentences } from "../docs/sections.ts";
import { stem, wordsOf } from "../docs/tokens.ts";
import type { Language } from "../bot.ts";

/** Longest text from the docs in one answer, in characters. */
const MAX_LENGTH = 360;

/**
 * Share of a question's words, by weight, that an answer and the heading must have. Beside a rule
 * that fits a little, the shares are larger.
 */
const COVERAGE = { overRule: { text: 0.8, heading: 0.6 }, alone: { text: 0.6, heading: 0.2 } };

/** The docs that the bot answers from. They are read when the first message comes. */
export class DocsAnswers {
  readonly #folder: string | undefined;
  #index: Promise<DocsIndex | undefined> | undefined;

  /** @param folder - Folder of the pages. Undefined: no answers. */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** Begins to read the docs. A copy without docs has no answers from them. */
  prepare(): Promise<DocsIndex | undefined> {
    this.#index ??= this.#folder === undefined ? Promise.resolve(undefined) : readDocs(this.#folder).catch(() => undefined);
    return this.#index;
  }

  /**
   * @param overRule - Whether a rule fits too, so that only a good answer counts.
   * @returns The answers, the best first. Empty if the docs say nothing about the question.
   */
  async find(question: string, overRule: boolean): Promise<readonly Hit[]> {
    const hits = (await this.prepare())?.find(question) ?? [];
    const least = overRule ? COVERAGE.overRule : COVERAGE.alone;
    return hits.filter(({ coverage, headed }) => coverage >= least.text && headed >= least.heading);
  }
}

/** A section as an answer: the first sentences about the question, and the address. */
export function docsAnswer({ section, missing }: Hit, language: Language, streamUrl: string): string {
  const { title, heading, text, isItem, link } = section;
  const tells = (sentence: string): number =>
    new Set(
      wordsOf(sentence)
        .map(stem)
        .filter((word) => missing.has(word)),
    ).size;
  const said = isItem ? firstSentences(`${heading}: ${text}`, MAX_LENGTH) : firstSentences(text, MAX_LENGTH, tells);
  const place = isItem || heading === title ? title : `${title}, ${heading}`;
  const url = new URL(`/docs/${link}`, streamUrl).href;
  if (language === "en") return `The docs say (${place}):\n${said}\n${url}`;
  return `${section.language === "zh" ? "文档里说" : "文档（英文）里说"}（${place}）：\n${said}\n${url}`;
}
