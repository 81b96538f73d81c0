import { type DocsIndex, type Hit, readDocs } from "../docs/docs-index.ts";
import { firstSentences } from "../docs/sections.ts";
import type { Language } from "../bot.ts";

/** Longest text from the docs in one answer, in characters. */
const MAX_LENGTH = 360;

/**
 * Share of a question's words, by weight, that an answer must have. Beside a rule that fits, its
 * heading must have most of them too.
 */
const COVERAGE = { overRule: 0.8, heading: 0.6, alone: 0.6 };

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
    return hits.filter(({ coverage, headed }) =>
      overRule ? coverage >= COVERAGE.overRule && headed >= COVERAGE.heading : coverage >= COVERAGE.alone,
    );
  }
}

/** A section as an answer: its first sentences, and its address. */
export function docsAnswer({ section }: Hit, language: Language, streamUrl: string): string {
  const { title, heading, text, isItem, link } = section;
  const said = firstSentences(isItem ? `${heading}: ${text}` : text, MAX_LENGTH);
  const place = isItem || heading === title ? title : `${title}, ${heading}`;
  const url = new URL(`/docs/${link}`, streamUrl).href;
  if (language === "en") return `The docs say (${place}):\n${said}\n${url}`;
  return `${section.language === "zh" ? "文档里说" : "文档（英文）里说"}（${place}）：\n${said}\n${url}`;
}
