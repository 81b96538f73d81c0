import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import MiniSearch, { type SearchResult } from "minisearch";
import { type Section, sectionsOf } from "./sections.ts";
import { docsWords, takeTerms } from "./terms.ts";
import { chineseWords, isStopWord, latinWords, stem, wordsOf } from "./tokens.ts";

/** A section that may answer a question. */
export interface Hit {
  readonly section: Section;
  /** Share of the question's words that the section has, by their weight, 0 to 1. */
  readonly coverage: number;
  /** The same for the words of the heading and the page's title. */
  readonly headed: number;
  /** Stems of the question's words that the heading does not have. The answer begins where they are. */
  readonly missing: ReadonlySet<string>;
}

export interface DocsIndex {
  /** The sections that answer a question best, the best first. Empty if the docs don't know the question's words. */
  find(question: string): readonly Hit[];
}

/** Sections that are given to the index in one turn of the event loop. */
const CHUNK = 20;

/** Most hits of a question. */
const MAX_HITS = 5;

/** Records of runs, which have every word and explain none, and pages about this bot. */
const NO_ANSWERS = /^(?:reference\/(?:fault-runs|field-matrix|benchmarks|conformance)|decisions\/(?:README|attack-floor|bot-)|README)/;

/** How much the pages of a folder count. Decisions say why, and seldom how. */
const FOLDERS: Readonly<Record<string, number>> = { start: 1.3, guides: 1.2, operate: 1.1, reference: 1, decisions: 0.15 };

/** Least weight of a question's words together. Common words tell too little. */
const TELLING_WEIGHT = 2;

/** How much the items of lists count beside whole sections, except the glossary's. */
const ITEM = 0.7;

/** How much the glossary counts, in any question and in one for a definition. */
const GLOSSARY = { any: 1, definition: 3 };

const DEFINITION = /^(?:what(?:'s| is| are| does)|define|meaning)\b|什么是|是什么|什么意思|是啥/i;

const FIELDS = { heading: 4, title: 1.5, text: 1 };

/** The folder of the docs that ship in the package `artesian`. */
export function shippedDocs(): string {
  return join(dirname(createRequire(import.meta.url).resolve("artesian/package.json")), "docs");
}

/**
 * Reads the pages of a folder into an index. The index is made a part at a time, so that nobody
 * waits for it.
 *
 * @throws Errors of the file system.
 */
export async function readDocs(folder: string): Promise<DocsIndex> {
  const files = await readdir(folder, { recursive: true });
  const sections: Section[] = [];
  const weights = new Weights();
  for (const file of files.toSorted()) {
    const path = file.replaceAll("\\", "/");
    if (!path.endsWith(".md") || NO_ANSWERS.test(path)) continue;
    const found = sectionsOf(path, await readFile(join(folder, file), "utf8"));
    sections.push(...found);
    for (const section of found) weights.add(section);
  }
  const index = new MiniSearch<Section & { readonly id: number }>({
    fields: Object.keys(FIELDS),
    tokenize: wordsOf,
    processTerm: stem,
  });
  await index.addAllAsync(
    sections.map((section, id) => ({ ...section, id })),
    { chunkSize: CHUNK },
  );
  return { find: (question) => find(question, sections, index, weights) };
}

/** One word of a question, and the docs' words for the same thing. */
interface Concept {
  readonly terms: readonly string[];
}

/** Verbs of two words, which the docs write as one. */
const TWO_WORDS = /\b(back|log|sign|set)(?:ing|ed|ged)?\s+(up|in|on)\b/gi;

function conceptsOf(question: string): Concept[] {
  const { found, rest } = takeTerms(question.replace(TWO_WORDS, "$1$2"));
  const others = [...new Set([...latinWords(rest), ...chineseWords(rest)])].filter((word) => !isStopWord(word));
  return [
    ...found.map(({ word, docs }) => ({ terms: [...docs, word] })),
    ...others.map((word) => ({ terms: [word, ...docsWords(word)] })),
  ].map(({ terms }) => ({ terms: [...new Set(terms.map(stem))] }));
}

function find(
  question: string,
  sections: readonly Section[],
  index: MiniSearch<Section & { readonly id: number }>,
  weights: Weights,
): Hit[] {
  const isChinese = /\p{sc=Han}/u.test(question);
  const glossary = DEFINITION.test(question) ? GLOSSARY.definition : GLOSSARY.any;
  const concepts = conceptsOf(question).map(({ terms }) => ({ terms, weight: weights.of(terms) }));
  const total = concepts.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return [];
  const asked = new Set(concepts.flatMap(({ terms }) => terms));
  const results = index.search(concepts.flatMap(({ terms }) => terms).join(" "), {
    boost: FIELDS,
    boostDocument: (id: number) => {
      const section = sections[id];
      if (section === undefined || (section.language === "zh" && !isChinese)) return 0;
      const place = section.link.startsWith("reference/glossary") ? glossary : section.isItem ? ITEM : 1;
      return place * (FOLDERS[section.link.split("/")[0] ?? ""] ?? 1) * (section.language === "zh" ? 2 : 1);
    },
  });
  return results
    .slice(0, 30)
    .flatMap((result: SearchResult): (Hit & { score: number })[] => {
      const section = sections[result.id as number];
      if (section === undefined) return [];
      const headings = new Set(wordsOf(`${section.title} ${section.heading}`).map(stem));
      const share = (has: (term: string) => boolean): number =>
        concepts.filter(({ terms }) => terms.some(has)).reduce((sum, { weight }) => sum + weight, 0) / total;
      const coverage = share((term) => result.queryTerms.includes(term));
      const headed = share((term) => headings.has(term));
      const isNamed = wordsOf(section.heading)
        .filter((word) => !isStopWord(word))
        .every((word) => asked.has(stem(word)));
      // A single common word, as in "HTTP?", asks for nothing but a section of that name.
      if (total < TELLING_WEIGHT && !isNamed) return [];
      const missing = new Set(concepts.flatMap(({ terms }) => (terms.some((term) => headings.has(term)) ? [] : terms)));
      return [{ section, coverage, headed, missing, score: result.score * coverage ** 2 * (1 + headed) }];
    })
    .toSorted((a, b) => b.score - a.score)
    .slice(0, MAX_HITS);
}

/** How much a concept tells, by how few sections have its words. Words that no section has tell most. */
class Weights {
  readonly #counts = new Map<string, number>();
  #sections = 0;

  add({ title, heading, text }: Section): void {
    this.#sections++;
    for (const term of new Set(wordsOf(`${title} ${heading} ${text}`).map(stem))) this.#counts.set(term, (this.#counts.get(term) ?? 0) + 1);
  }

  of(terms: readonly string[]): number {
    const held = terms.flatMap((term) => this.#counts.get(term) ?? []);
    return Math.log(1 + this.#sections / (held.length === 0 ? 1 : Math.min(...held)));
  }
}
