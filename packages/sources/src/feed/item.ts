/** Text in one of the ways that formats give it. */
export interface RawText {
  readonly text: string | undefined;
  /** `lenient`: plain by its format, but often HTML. */
  readonly as: "html" | "plain" | "lenient";
}

/** An item as the format has it: nothing in it is checked. */
export interface RawItem {
  /** What the feed calls it by. */
  readonly id: string | undefined;
  /** The first that is an address to follow is taken. */
  readonly links: readonly (string | undefined)[];
  readonly title: RawText;
  /** The first that is not empty is taken. */
  readonly summaries: readonly RawText[];
  readonly published: readonly (string | undefined)[];
  readonly authors: readonly (string | undefined)[];
  readonly images: readonly (string | undefined)[];
  /** `xml:base` of the item. */
  readonly base?: string | undefined;
}

/** A feed as the format has it. */
export interface RawFeed {
  readonly title: RawText;
  readonly links: readonly (string | undefined)[];
  /** What relative links are relative to, before the feed's own address. */
  readonly base: string | undefined;
  readonly items: readonly RawItem[];
}

/** One item, checked: plain text without HTML, bounded; addresses that can be followed. */
export interface FeedItem {
  /** Tells the items of a feed apart: its guid or id, or else its link, or else a hash of title and date. */
  readonly key: string;
  /** What else it goes by: each is told of this item alone in the document. */
  readonly names: readonly string[];
  readonly title: string;
  readonly link: string | undefined;
  readonly summary: string | undefined;
  /** In milliseconds since 1970. */
  readonly publishedMs: number | undefined;
  readonly author: string | undefined;
  readonly image: string | undefined;
}

/** A feed, checked. */
export interface ParsedFeed {
  readonly title: string | undefined;
  readonly link: string | undefined;
  /** In the order of the document. */
  readonly items: readonly FeedItem[];
  /** What was mended or left out; each goes on from "The feed". */
  readonly warnings: readonly string[];
}
