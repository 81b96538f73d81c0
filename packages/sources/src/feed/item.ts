/** Text in one of the formats' representations. */
export interface RawText {
  readonly text: string | undefined;
  /** `lenient`: plain by its format, but often HTML. */
  readonly as: "html" | "plain" | "lenient";
}

/** An item as in the document. Nothing is checked yet. */
export interface RawItem {
  /** The feed's own id of the item. */
  readonly id: string | undefined;
  /** The first usable address is taken. */
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

/** A feed as in the document. */
export interface RawFeed {
  readonly title: RawText;
  readonly links: readonly (string | undefined)[];
  /** Base of relative links, before the feed's own address. */
  readonly base: string | undefined;
  readonly items: readonly RawItem[];
}

/** One checked item: bounded plain text without HTML, and usable addresses. */
export interface FeedItem {
  /**
   * The item's key in its feed: its guid or id, or else its link, or else a hash of title and date.
   */
  readonly key: string;
  /** Further names of the item. Each names only this item in the document. */
  readonly names: readonly string[];
  readonly title: string;
  readonly link: string | undefined;
  readonly summary: string | undefined;
  /** In milliseconds since 1970. */
  readonly publishedMs: number | undefined;
  readonly author: string | undefined;
  readonly image: string | undefined;
}

/** A checked feed. */
export interface ParsedFeed {
  readonly title: string | undefined;
  readonly link: string | undefined;
  /** In the order of the document. */
  readonly items: readonly FeedItem[];
  /** Repairs and omissions. Each text continues a sentence that begins with "The feed". */
  readonly warnings: readonly string[];
}

/** An item with the facts that follow from its document alone. */
export interface FeedEntry {
  readonly item: FeedItem;
  /**
   * The item's date, or the date of the older of its neighbours. Infinite if the document has no
   * dates.
   */
  readonly ms: number;
  /** Names the item within its feed. */
  readonly hash: string;
  /** Stamp of the item's text. */
  readonly stamp: string;
  /** Hashes of the item's further names. */
  readonly names: readonly string[];
}

/** A feed as the thread hands it over. */
export interface ReadFeed extends Omit<ParsedFeed, "items"> {
  /** From the oldest to the newest. */
  readonly entries: readonly FeedEntry[];
}
