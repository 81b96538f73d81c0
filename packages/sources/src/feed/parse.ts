import { type AnyFeed, parseFeed as parseWithFeedsmith } from "feedsmith";
import { TemporaryError } from "../errors.ts";
import { decodeFeed } from "./decode.ts";
import { fromAtom, fromJson, fromRdf, fromRss } from "./formats.ts";
import type { ParsedFeed, RawFeed } from "./item.ts";
import { readItems } from "./items.ts";
import { tidyXml } from "./tidy.ts";

/** The input of the feed parser. */
export interface FeedDocument {
  readonly body: Uint8Array;
  readonly contentType?: string | undefined;
  /** Address of the document, the base of relative links. */
  readonly url: string;
}

/** Bounds of the feed parser. */
export interface ParseBounds {
  /** Most items, counted from the front of the document. */
  readonly maxItems: number;
  /** Longest summary, in characters. */
  readonly summaryLength: number;
}

/**
 * Parses a feed of any format. Mistakes with a clear meaning are repaired.
 *
 * @throws TemporaryError when the document is no feed, or beyond repair.
 */
export function parseFeed(document: FeedDocument, bounds: ParseBounds): ParsedFeed {
  const text = decodeFeed(document.body, document.contentType);
  const json = text.replace(/^[\s\ufeff]+/, "");
  const warnings: string[] = [];
  let source: string;
  if (json.startsWith("{")) source = json;
  else {
    const tidied = tidy(text);
    if (tidied.truncated) warnings.push("ends in the middle of an item, which is left out");
    if (tidied.repairs > 0) warnings.push(`is not well-formed and was mended in ${tidied.repairs} places`);
    source = tidied.xml;
  }
  const raw = rawFeed(source, bounds.maxItems + 1);
  if (raw.items.length > bounds.maxItems)
    warnings.push(`has more than ${bounds.maxItems} items, the bound (maxItems), and the rest is left out`);
  return { ...readItems({ ...raw, items: raw.items.slice(0, bounds.maxItems) }, document.url, bounds.summaryLength), warnings };
}

function tidy(text: string): NonNullable<ReturnType<typeof tidyXml>> {
  let tidied: ReturnType<typeof tidyXml>;
  try {
    tidied = tidyXml(text);
  } catch (error) {
    throw new TemporaryError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  if (tidied === undefined) throw new TemporaryError(notAFeed(text));
  return tidied;
}

function rawFeed(source: string, maxItems: number): RawFeed {
  let parsed: AnyFeed;
  try {
    parsed = parseWithFeedsmith(source, { maxItems });
  } catch (error) {
    throw new TemporaryError(`The answer is neither RSS, RDF, Atom nor JSON Feed: ${reasonOf(error)}.`, { cause: error });
  }
  switch (parsed.format) {
    case "rss":
      return fromRss(parsed.feed);
    case "rdf":
      return fromRdf(parsed.feed);
    case "atom":
      return fromAtom(parsed.feed);
    case "json":
      return fromJson(parsed.feed);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}, ${error.cause.message.slice(0, 200)}` : error.message;
}

/** Describes a document that is no feed. For a web page, names the address of its feed. */
function notAFeed(text: string): string {
  const start = text.slice(0, 100_000);
  if (!/<html[\s>]/i.test(start)) {
    const shown = start.slice(0, 60).replace(/\s+/g, " ").trim();
    return `The answer is neither RSS, RDF, Atom nor JSON Feed. It starts with: ${shown === "" ? "nothing" : JSON.stringify(shown)}`;
  }
  const link = /<link\s[^<>]*type\s*=\s*["']?application\/(?:(?:rss|atom)\+xml|feed\+json)[^<>]*>/i.exec(start)?.[0] ?? "";
  const href = /\shref\s*=\s*["']?([^\s"'<>]{1,500})/i.exec(link)?.[1];
  return `The answer is a web page, not a feed.${href === undefined ? "" : ` The page says that its feed is at ${href}`}`;
}
