import { createHash } from "node:crypto";
import type { TextUpdate } from "../../core/update.ts";
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
  readonly author?: string | undefined;
  readonly image?: string | undefined;
  readonly feed: { readonly name: string; readonly title: string; readonly link?: string | undefined };
  /** Whether an earlier update told of this item as it was then. */
  readonly updated?: true | undefined;
}

/**
 * Makes the update that tells of an item. Its event id follows from topic and item alone, so when two processes follow one
 * feed, or one publishes again after a crash, subscribers see the same id twice and can tell.
 */
export function toUpdate(plan: FeedsPlan, feed: FeedPlan, parsed: ParsedFeed, item: FeedItem, updated: boolean): TextUpdate {
  const topic = plan.topic.expand((name) => (name === "feed" ? feed.name : itemHash(item))) ?? "";
  const id = urn(topic, item.key);
  const data: FeedUpdate = {
    id,
    title: item.title,
    link: item.link,
    summary: item.summary,
    published: item.publishedMs === undefined ? undefined : new Date(item.publishedMs).toISOString(),
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

/**
 * Orders items from the oldest to the newest. Without dates the order of the document holds, newest first. An item without one
 * stands where the older of its neighbours does, so it never comes after a newer item, whichever way the feed is sorted.
 */
export function chronological(items: readonly FeedItem[]): readonly FeedItem[] {
  const oldestFirst = items.toReversed();
  const before = dateBeside(oldestFirst);
  const after = dateBeside(items).toReversed();
  const dated = oldestFirst.map((item, index) => ({
    item,
    ms: item.publishedMs ?? Math.min(before[index] ?? Infinity, after[index] ?? Infinity),
    rank: item.publishedMs === undefined ? 0 : 1,
  }));
  // Two of no date at all are equally far away.
  return dated.toSorted((a, b) => (a.ms === b.ms ? a.rank - b.rank : a.ms - b.ms)).map(({ item }) => item);
}

/** For each item, the date of the last one before it that has one. */
function dateBeside(items: readonly FeedItem[]): readonly (number | undefined)[] {
  let latestMs: number | undefined;
  return items.map((item) => (latestMs = item.publishedMs ?? latestMs));
}
