import type { FeedEntry, FeedItem } from "./item.ts";
import { itemHash, itemNames, itemStamp } from "./seen.ts";

/** The entries of a feed's items, from the oldest to the newest. */
export function toEntries(items: readonly FeedItem[]): readonly FeedEntry[] {
  return chronological(items).map(({ item, ms }) => ({ item, ms, hash: itemHash(item), stamp: itemStamp(item), names: itemNames(item) }));
}

/** An item and its time, as far as the feed tells. */
type Placed = Pick<FeedEntry, "item" | "ms">;

/**
 * Orders items from the oldest to the newest. Without dates, the document's order counts, newest
 * first. An item without a date stands at the older of its neighbours. So it never comes after a
 * newer item, whichever way the feed is sorted.
 */
function chronological(items: readonly FeedItem[]): readonly Placed[] {
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
