import { createHash } from "node:crypto";
import type { TextUpdate } from "artesian";
import type { FeedItem, ParsedFeed } from "./item.ts";
import type { FeedPlan, FeedsPlan } from "./options.ts";
import { itemHash, itemStamp } from "./seen.ts";

/** The data of an update, as JSON. All text is plain, without HTML; addresses are http or https. */
export interface FeedUpdate {
  /** Names the item; the same when it is published again. */
  readonly id: string;
  readonly title: string;
  readonly link?: string | undefined;
  readonly summary?: string | undefined;
  /** RFC 3339. */
  readonly published?: string | undefined;
  /**
   * Of an item without a date: the date of the older of its neighbours, in RFC 3339. Told only when the feed is read for the
   * first time, for later an item is as old as its update.
   */
  readonly around?: string | undefined;
  readonly author?: string | undefined;
  readonly image?: string | undefined;
  readonly feed: { readonly name: string; readonly title: string; readonly link?: string | undefined };
  /** Whether an earlier update told of this item as it was then. */
  readonly updated?: true | undefined;
}

/** An item that is to be published. */
export interface News {
  readonly item: FeedItem;
  readonly hash: string;
  readonly stamp: string;
  readonly updated: boolean;
  readonly aroundMs: number | undefined;
}

/**
 * Makes the update that tells of an item. Its event id follows from topic and item alone, so when two processes follow one
 * feed, or one publishes again after a crash, subscribers see the same id twice and can tell.
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

/** An item, and when it came about, as far as the feed tells. */
export interface Placed {
  readonly item: FeedItem;
  /** The item's date, or that of the older of its neighbours; infinite if the document has no dates. */
  readonly ms: number;
}

/**
 * Orders items from the oldest to the newest. Without dates the order of the document holds, newest first. An item without one
 * stands where the older of its neighbours does, so it never comes after a newer item, whichever way the feed is sorted.
 */
export function chronological(items: readonly FeedItem[]): readonly Placed[] {
  const oldestFirst = items.toReversed();
  const before = dateBeside(oldestFirst);
  const after = dateBeside(items).toReversed();
  const placed = oldestFirst.map((item, index) => ({
    item,
    ms: item.publishedMs ?? Math.min(before[index] ?? Infinity, after[index] ?? Infinity),
  }));
  // Of the same date the one that only borrows it comes first. Two without any are equally far away.
  return placed.toSorted((a, b) => (a.ms === b.ms ? rankOf(a) - rankOf(b) : a.ms - b.ms));
}

function rankOf({ item }: Placed): number {
  return item.publishedMs === undefined ? 0 : 1;
}

/** For each item, the date of the last one before it that has one. */
function dateBeside(items: readonly FeedItem[]): readonly (number | undefined)[] {
  let latestMs: number | undefined;
  return items.map((item) => (latestMs = item.publishedMs ?? latestMs));
}
