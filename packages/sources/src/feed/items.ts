import { createHash } from "node:crypto";
import { parseDate } from "./dates.ts";
import type { FeedItem, ParsedFeed, RawFeed, RawItem, RawText } from "./item.ts";
import { bareLink, safeLink } from "./links.ts";
import { htmlToText, lenientText, plainText, shorten } from "./text.ts";

/** Longest title, author's name and feed's name, in characters. */
const TITLE_LENGTH = 300;
const AUTHOR_LENGTH = 100;
/** Most picture addresses that are tried for one item. */
const MAX_IMAGES = 20;
/** Longest key, in characters. A longer id is hashed, because the key is a part of each update's id. */
const KEY_LENGTH = 2048;

const READERS: Readonly<Record<RawText["as"], (text: string) => string>> = { html: htmlToText, plain: plainText, lenient: lenientText };

/** Bounded plain text, or undefined if nothing is left. */
function textOf(raw: RawText, length: number): string | undefined {
  if (raw.text === undefined) return undefined;
  const text = shorten(READERS[raw.as](raw.text), length);
  return text === "" ? undefined : text;
}

/** The first result that is not undefined. */
function first<Value, Result>(values: readonly Value[], read: (value: Value) => Result | undefined): Result | undefined {
  for (const value of values) {
    const result = read(value);
    if (result !== undefined) return result;
  }
  return undefined;
}

/** Checks the items of a feed, and gives each its key. */
export function readItems(feed: RawFeed, url: string, summaryLength: number): Omit<ParsedFeed, "warnings"> {
  const base = safeLink(feed.base, url) ?? url;
  const items = feed.items.map((raw) => readItem(raw, base, summaryLength)).filter((item) => item !== undefined);
  const namesOne = [uniqueBy(items, "id", "link"), uniqueBy(items, "link", "title")];
  const names = items.map(namesOf);
  const shared = repeated(names.flat());
  return {
    title: textOf(feed.title, TITLE_LENGTH),
    link: first(feed.links, (link) => safeLink(link, base)),
    items: items.map(({ id, ...item }, index) => ({
      ...item,
      names: names[index]?.filter((name) => !shared.has(name)) ?? [],
      key: keyOf([id, item.link].find((name, index) => name !== undefined && namesOne[index]?.has(name))) ?? hashOfItem(item),
    })),
  };
}

type Keyless = Omit<FeedItem, "key" | "names"> & { readonly id: string | undefined };

function readItem(raw: RawItem, feedBase: string, summaryLength: number): Keyless | undefined {
  const base = raw.base === undefined ? feedBase : (safeLink(raw.base, feedBase) ?? feedBase);
  const summary = first(raw.summaries, (text) => textOf(text, summaryLength));
  const title = textOf(raw.title, TITLE_LENGTH) ?? (summary === undefined ? undefined : shorten(summary, 100));
  const link = first(raw.links, (candidate) => safeLink(candidate, base));
  // Without text and link, an item has nothing to show and no identity.
  if (title === undefined && link === undefined) return undefined;
  return {
    id: raw.id,
    title: title ?? link ?? "",
    link,
    summary: summary === title ? undefined : summary,
    publishedMs: first(raw.published, parseDate),
    author: first(raw.authors, (author) => textOf({ text: author, as: "lenient" }, AUTHOR_LENGTH)),
    image: first(raw.images.slice(0, MAX_IMAGES), (image) => safeLink(image, base)),
  };
}

/**
 * The ids or links that are unique to one item. Some feeds give all their items the same id or
 * link, such as the address of the site. Taken literally, such an id would keep the second item
 * from being published.
 *
 * @param by - The field in which items with one name must agree to be the same item.
 */
function uniqueBy(items: readonly Keyless[], name: "id" | "link", by: "link" | "title"): ReadonlySet<string> {
  const meanings = new Map<string, Set<string>>();
  for (const item of items) {
    const value = item[name];
    if (value === undefined) continue;
    meanings.set(value, (meanings.get(value) ?? new Set()).add(item[by] ?? item.title));
  }
  return new Set([...meanings].filter(([, known]) => known.size === 1).map(([value]) => value));
}

/**
 * Names of an item that hold when the feed changes its guid: pairs of link, title and date. A
 * single field is not enough. A weather page has the same address every day, and every bulletin has
 * the same title.
 */
function namesOf({ id, link, title, publishedMs }: Keyless): readonly string[] {
  const bare = link === undefined ? undefined : bareLink(link);
  const pairs =
    publishedMs === undefined
      ? [[bare, title]]
      : [
          [bare, publishedMs],
          [title, publishedMs],
        ];
  const names = [...(id === undefined ? [[bare]] : []), ...pairs].filter((parts) => !parts.includes(undefined));
  return names.map((parts) => JSON.stringify(parts));
}

/** The texts that occur more than once. */
function repeated(texts: readonly string[]): ReadonlySet<string> {
  const once = new Set<string>();
  return new Set(texts.filter((text) => once.size === once.add(text).size));
}

function keyOf(name: string | undefined): string | undefined {
  return name === undefined || name.length <= KEY_LENGTH ? name : sha256(name);
}

function hashOfItem({ title, publishedMs }: Omit<Keyless, "id">): string {
  return sha256(`${title}\n${publishedMs ?? ""}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
