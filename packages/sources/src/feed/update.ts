import { createHash } from "node:crypto";
import type { TextUpdate } from "artesian";
import type { FeedItem, ParsedFeed } from "./item.ts";
import type { FeedPlan, FeedsPlan } from "./options.ts";
import { itemHash, itemStamp } from "./seen.ts";

/** The data of an update, as JSON. All text is plain, without HTML. Addresses are http or https. */
export interface FeedUpdate {
  /** Names the item. A republished item keeps its id. */
  readonly id: string;
  readonly title: string;
  readonly link?: string | undefined;
  readonly summary?: string | undefined;
  /** RFC 3339. */
  readonly published?: string | undefined;
  /**
   * For an item without a date, the date of the older of its neighbours, in RFC 3339. Present only
   * when the feed is read for the first time. A later item is as old as its update.
   */
  readonly around?: string | undefined;
  readonly author?: string | undefined;
  readonly image?: string | undefined;
  readonly feed: { readonly name: string; readonly title: string; readonly link?: string | undefined };
  /** Whether an earlier update carried an earlier version of the item. */
  readonly updated?: true | undefined;
}

/** An item to publish. */
export interface News {
  readonly item: FeedItem;
  readonly hash: string;
  readonly stamp: string;
  readonly updated: boolean;
  readonly aroundMs: number | undefined;
}

/**
 * Makes the update of an item. Its event id follows from topic and item alone. So subscribers
 * recognise duplicates when two processes follow one feed, or one publishes again after a crash.
 */
export function toUpdate(plan: FeedsPlan, feed: FeedPlan, parsed: ParsedFeed, { item, aroundMs, updated }: News): TextUpdate {
  const topic = plan.topic.expand((name) => (name === "feed" ? feed.name : itemHash(item))) ?? "";
  const id = urn(topic, item.key);
  const data: FeedUpdate = {
    id,
    title: item.title,
    link: item.link,
    summary: item.summary,
    published: item.publishedMs === undefined ? undefined : new Date(item.publishedMs).toISOString(),
    around: aroundMs === undefined ? undefined : new Date(aroundMs).toISOString(),
    author: item.author,
    image: item.image,
    feed: { name: feed.name, title: feed.title ?? parsed.title ?? feed.name, link: parsed.link },
    ...(updated ? { updated: true } : {}),
  };
  return { topic, type: plan.type, id: updated ? urn(topic, item.key, itemStamp(item)) : id, data: JSON.stringify(data) };
}

function urn(...parts: readonly string[]): string {
  return `urn:sha256:${createHash("sha256").update(JSON.stringify(parts)).digest("hex")}`;
}

/** An item and its time, as far as the feed tells. */
export interface Placed {
  readonly item: FeedItem;
  /**
   * The item's date, or the date of the older of its neighbours. Infinite if the document has no
   * dates.
   */
  readonly ms: number;
}

/**
 * Orders items from the oldest to the newest. Without dates, the document's order counts, newest
 * first. An item without a date stands at the older of its neighbours. So it never comes after a
 * newer item, whichever way the feed is sorted.
 */
export function chronological(items: readonly FeedItem[]): readonly Placed[] {
  const oldestFirst = items.toReversed();
  const before = dateBeside(oldestFirst);
  const after = dateBeside(items).toReversed();
  const placed = oldestFirst.map((item, index) => ({
    item,
    ms: item.publishedMs ?? Math.min(before[index] ?? Infinity, after[index] ?? Infinity),
  }));
  // Among equal dates, an item with a borrowed date comes first. Two items without any date are
  // equally far away.
  return placed.toSorted((a, b) => (a.ms === b.ms ? rankOf(a) - rankOf(b) : a.ms - b.ms));
}

function rankOf({ item }: Placed): number {
  return item.publishedMs === undefined ? 0 : 1;
}

/** For each item, the date of the last dated item before it. */
function dateBeside(items: readonly FeedItem[]): readonly (number | undefined)[] {
  let latestMs: number | undefined;
  return items.map((item) => (latestMs = item.publishedMs ?? latestMs));
}
