/** A part of a page that can be an answer: a section, or an item of a list that begins with a term. */
export interface Section {
  /** `PATH#heading`, below `/docs/`, without the suffix of the file. */
  readonly link: string;
  /** Title of the page. */
  readonly title: string;
  /** Heading of the section, or the item's term. */
  readonly heading: string;
  /** Prose without marks, tables and pictures. A short piece of code is its own line. */
  readonly text: string;
  readonly language: "en" | "zh";
  readonly isItem: boolean;
}

const HEADING = /^(#{1,4})\s+(.+?)\s*#*$/;
const FENCE = /^\s*(?:```|~~~)/;

/** Code that belongs into an answer: a command, and not a program. */
const SHORT_CODE = { lines: 2, length: 120 };

/** Stands before a line of code, in a section's text. */
const CODE = "  ";

/** An item: `- **topic**: The name on an update.`, with the term. */
const TERM_ITEM = /^[-*]\s+(?:\*\*([^*]+)\*\*|((?:`[^`]+`(?:\s*<[^>]+>)?(?:,?\s+|\s+or\s+)?)+))\s*(?:\([^)]*\))?\s*[:：]\s*(.+)$/;

/** Lines that are no prose: tables, pictures, HTML, rules. */
const NO_PROSE = /^\s*(?:\||!\[|<|-{3,}$|\[.*\]:)/;

/**
 * Splits a page of Markdown into sections.
 *
 * @param path - Path below the folder of the docs (`start/clients.md`).
 */
export function sectionsOf(path: string, markdown: string): Section[] {
  const page = path.replace(/\.md$/, "").replace(/(^|\/)README$/, "$1");
  const language = /zh-CN/.test(path) ? "zh" : "en";
  const sections: Section[] = [];
  const slugs = new Map<string, number>();
  let title = "";
  let heading = "";
  let link = page;
  let lines: string[] = [];
  let code: string[] | undefined;
  const add = (term: string, text: string, isItem: boolean): void => {
    if (text !== "") sections.push({ link, title, heading: term, text, language, isItem });
  };
  const end = (): void => {
    add(heading, plainProse(lines), false);
    for (const line of lines) {
      const [, strong, code, text = ""] = TERM_ITEM.exec(line) ?? [];
      const term = plainText(strong ?? code ?? "");
      if (term !== "") add(term, plainText(text), true);
    }
    lines = [];
  };
  for (const line of markdown.split(/\r?\n/)) {
    if (FENCE.test(line)) {
      if (code !== undefined) lines = withCode(lines, code);
      code = code === undefined ? [] : undefined;
    } else if (code !== undefined) code.push(line);
    else {
      const [, marks = "", words = ""] = HEADING.exec(line) ?? [];
      if (marks === "") {
        lines.push(line);
        continue;
      }
      end();
      heading = plainText(words);
      if (marks.length === 1) [title, link] = [heading, page];
      else link = `${page}#${slugOf(words, slugs)}`;
    }
  }
  end();
  return sections;
}

/** Adds short code to a section's lines. Without longer code, the words that lead to the code go too. */
function withCode(lines: readonly string[], code: readonly string[]): string[] {
  const trimmed = code.map((line) => line.trim()).filter((line) => line !== "");
  if (trimmed.length <= SHORT_CODE.lines && trimmed.every(({ length }) => length <= SHORT_CODE.length)) {
    return [...lines, ...trimmed.map((line) => CODE + line)];
  }
  const last = lines.findLastIndex((line) => line.trim() !== "");
  return lines.map((line, index) => (index === last ? line.replace(/(^|[.!?]\s+)[^.!?]*[:：]\s*$/, "$1") : line));
}

/** The anchor of a heading, as GitHub and the docs' pages make it. */
function slugOf(heading: string, seen: Map<string, number>): string {
  const slug = plainText(heading)
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
  const count = seen.get(slug) ?? 0;
  seen.set(slug, count + 1);
  return count === 0 ? slug : `${slug}-${count}`;
}

function plainProse(lines: readonly string[]): string {
  let text = "";
  for (const line of lines) {
    if (NO_PROSE.test(line)) continue;
    if (line.startsWith(CODE) && !/^\s*[-*\d]/.test(line)) text = `${text.trimEnd()}\n${line}\n`;
    else text += `${plainText(line.replace(/^\s*(?:[-*]|\d+\.|>)\s+/, ""))} `;
  }
  return text
    .trimStart()
    .replace(/^Decision\. /, "")
    .replace(/ {2,}(?=\S)(?<!\n {2})/g, " ")
    .replace(/ +\n/g, "\n")
    .trim();
}

/** Markdown as plain text. */
function plainText(markdown: string): string {
  return markdown
    .replace(/!\[[^\]]*\]\([^)]*\)/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/`([^`]*)`/g, "$1")
    .replace(/(\*\*|__)(.+?)\1/g, "$2")
    .replace(/(?<![\p{L}\p{N}])[_*]([^_*\n]+)[_*](?![\p{L}\p{N}])/gu, "$1")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&")
    .replace(/\\([\\`*_{}[\]()#+.!|<>-])/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}

/** Ends of sentences. A point between letters, as in `EventSource.close`, is none. */
const SENTENCE = /[^]+?(?:[.!?](?=\s|$)(?<!\b(?:e\.g|i\.e|etc)\.)|[。！？]|$)/g;

/**
 * The first whole sentences of a text, up to a length in characters. At least a part of the first.
 *
 * @param tells - How well a sentence fits. The best one is the first. Default: the text's first.
 */
export function firstSentences(text: string, maxLength: number, tells: (sentence: string) => number = () => 0): string {
  const pieces = text
    .split("\n")
    .flatMap((line) => (line.startsWith(CODE) ? [`\n${line}\n`] : [...line.matchAll(SENTENCE)].map(([one]) => one)));
  const fits = pieces.map(tells);
  let taken = "";
  for (const piece of pieces.slice(fits.indexOf(Math.max(...fits)))) {
    if (taken !== "" && taken.length + piece.length > maxLength) break;
    taken += piece;
  }
  const whole = (taken.trim() === "" ? text : taken).trim();
  return whole.length > maxLength ? `${whole.slice(0, maxLength - 1).trimEnd()}…` : whole;
}
