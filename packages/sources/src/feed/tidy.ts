import { escapeStrayAmpersands, readName, readStartTag } from "./tidy-tag.ts";
import { ENTRIES, localName, REFUSED, staysOpen, VOID } from "./tidy-rules.ts";

/** The result of tidying a document. */
export interface Tidied {
  /**
   * Well-formed XML from the root's start tag to its end tag, without comments and declarations.
   */
  readonly xml: string;
  /** Number of missing or surplus tags. */
  readonly repairs: number;
  /**
   * Whether the document ends in the middle of an entry. That entry is left out, because it would
   * be published in part.
   */
  readonly truncated: boolean;
}

/** Deepest nesting. The tags of deeper elements are left out. The parser refuses 100. */
const MAX_DEPTH = 64;
/** Most elements. Each costs the parser about a kilobyte. */
const MAX_ELEMENTS = 250_000;
/** Most repairs. A document with more is no feed with a mistake in each item. */
const MAX_REPAIRS = 50_000;

const ROOT = /<(?:[\w.-]+:)?(?:rss|feed|rdf)(?=[\s/>])/i;

/** Characters that XML forbids, and a byte order mark in the middle (from concatenated files). */
// oxlint-disable-next-line no-control-regex -- these are the characters that it is about
const FORBIDDEN = /[\0-\u0008\u000b\u000c\u000e-\u001f\u007f\ufeff\ufffe\uffff]/g;

/**
 * Finds a mark from an index on, and searches again only behind the last find. Without this cache,
 * repeated marks would cost their square.
 */
function createFinder(text: string, mark: string): (from: number) => number {
  let found = -2;
  return (from) => {
    if (found !== -1 && found < from) found = text.indexOf(mark, from);
    return found;
  };
}

/**
 * Turns a broken feed into well-formed XML. The output starts at the root. Open elements are
 * closed, stray end tags dropped, attributes quoted, and `<` or `&` in text escaped. Comments,
 * declarations and forbidden characters are left out, because no feed needs them. A well-formed
 * document keeps its meaning. Takes linear time.
 *
 * @returns Undefined if the document has no root of a feed.
 * @throws Error when there are more elements, or more mistakes, than a feed has.
 */
export function tidyXml(document: string): Tidied | undefined {
  const root = ROOT.exec(document);
  return root === null ? undefined : new Tidier(document.slice(root.index).toWellFormed().replace(FORBIDDEN, "")).run();
}

class Tidier {
  readonly #text: string;
  readonly #out: string[] = [];
  /** The open elements, as written and lower-cased. */
  readonly #open: string[] = [];
  readonly #openLower: string[] = [];
  /** Index in the output at which the open entry began. */
  #entryStart = -1;
  #at = 0;
  #repairs = 0;
  #elements = 0;
  #done = false;
  readonly #findCdataEnd: (from: number) => number;
  readonly #findCommentEnd: (from: number) => number;
  readonly #findInstructionEnd: (from: number) => number;
  readonly #findTagEnd: (from: number) => number;

  constructor(text: string) {
    this.#text = text;
    this.#findCdataEnd = createFinder(text, "]]>");
    this.#findCommentEnd = createFinder(text, "-->");
    this.#findInstructionEnd = createFinder(text, "?>");
    this.#findTagEnd = createFinder(text, ">");
  }

  run(): Tidied {
    const text = this.#text;
    while (!this.#done && this.#at < text.length) {
      if (this.#repairs > MAX_REPAIRS) throw new Error(`The feed is broken in more than ${MAX_REPAIRS} places.`);
      const less = text.indexOf("<", this.#at);
      if (less !== this.#at) {
        const end = less === -1 ? text.length : less;
        this.#out.push(escapeStrayAmpersands(text.slice(this.#at, end)));
        this.#at = end;
        continue;
      }
      if (text.startsWith("<![CDATA[", less)) this.#cdata();
      else if (text.startsWith("<!--", less)) this.#skipTo(this.#findCommentEnd(less + 4), 3);
      else if (text[less + 1] === "?") this.#skipTo(this.#findInstructionEnd(less + 2), 2);
      else if (text[less + 1] === "!") this.#skipTo(this.#findTagEnd(less), 1);
      else if (text[less + 1] === "/") this.#endTag();
      else this.#startTag();
    }
    const truncated = this.#entryStart !== -1;
    if (truncated) {
      this.#out.length = this.#entryStart;
      const entry = this.#openLower.findLastIndex((name) => ENTRIES.has(localName(name)));
      this.#open.length = this.#openLower.length = entry;
    }
    this.#repairs += this.#open.length;
    this.#closeDownTo(0);
    return { xml: this.#out.join(""), repairs: this.#repairs, truncated };
  }

  /**
   * Continues behind a mark. If the mark is missing, continues behind the two characters that
   * announced it.
   */
  #skipTo(found: number, length: number): void {
    if (found === -1) this.#repairs += 1;
    this.#at = found === -1 ? this.#at + 2 : found + length;
  }

  #cdata(): void {
    const start = this.#at + "<![CDATA[".length;
    const end = this.#findCdataEnd(start);
    const inner = this.#text.indexOf("<![CDATA[", start);
    // Without an end of its own, a section would swallow the entries up to the end of the next.
    const suspect = end === -1 || (inner !== -1 && inner < end);
    const section = suspect ? this.#text.slice(start, inner === -1 ? undefined : inner) : "";
    const endTag = suspect ? section.indexOf(`</${this.#open.at(-1) ?? ""}`) : -1;
    if (end !== -1 && endTag === -1) {
      this.#out.push(this.#text.slice(this.#at, end + 3));
      this.#at = end + 3;
      return;
    }
    const cut = endTag === -1 ? this.#text.length : start + endTag;
    this.#repairs += 1;
    this.#out.push(`<![CDATA[${this.#text.slice(start, cut).replaceAll("]]>", "")}]]>`);
    this.#at = cut;
  }

  #endTag(): void {
    const name = readName(this.#text, this.#at + 2);
    const next = this.#text.indexOf("<", this.#at + 1);
    const close = this.#findTagEnd(this.#at);
    if (name === "" || close === -1 || (next !== -1 && next < close)) {
      // `</` in text, or a tag that is cut off. It is dropped up to the next tag.
      this.#repairs += 1;
      this.#at = next === -1 ? this.#text.length : next;
      return;
    }
    this.#at = close + 1;
    const lower = name.toLowerCase();
    if (VOID.has(lower)) return;
    const index = this.#openLower.lastIndexOf(lower);
    if (index === -1) {
      this.#repairs += 1;
      return;
    }
    this.#repairs += this.#open.length - 1 - index;
    this.#closeDownTo(index);
    if (index === 0) this.#done = true;
  }

  #startTag(): void {
    const tag = readStartTag(this.#text, this.#at);
    if (tag === undefined) {
      this.#repairs += 1;
      this.#out.push("&lt;");
      this.#at += 1;
      return;
    }
    this.#at = tag.end;
    const lower = tag.name.toLowerCase();
    if (REFUSED.has(localName(lower))) return;
    const keep = staysOpen(this.#openLower, lower);
    this.#repairs += this.#open.length - keep;
    this.#closeDownTo(keep);
    const selfClosing = tag.selfClosing || VOID.has(lower);
    this.#elements += 1;
    if (this.#elements > MAX_ELEMENTS) throw new Error(`The feed has more than ${MAX_ELEMENTS} elements.`);
    if (this.#open.length >= MAX_DEPTH && !selfClosing) return;
    if (ENTRIES.has(localName(lower)) && !selfClosing) this.#entryStart = this.#out.length;
    this.#out.push(`<${tag.name}${tag.attributes}${selfClosing ? "/" : ""}>`);
    if (selfClosing) {
      if (this.#open.length === 0) this.#done = true;
      return;
    }
    this.#open.push(tag.name);
    this.#openLower.push(lower);
  }

  /** Closes open elements until the given number is left. */
  #closeDownTo(depth: number): void {
    while (this.#open.length > depth) {
      this.#out.push(`</${this.#open.pop()}>`);
      if (ENTRIES.has(localName(this.#openLower.pop() ?? ""))) this.#entryStart = -1;
    }
  }
}
