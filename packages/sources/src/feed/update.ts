import { createHash } from "node:crypto";
import type { TextUpdate } from "artesian";
import type { FeedEntry, ReadFeed } from "./item.ts";
import type { FeedPlan, FeedsPlan } from "./options.ts";

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
  readonly entry: FeedEntry;
  readonly updated: boolean;
  readonly aroundMs: number | undefined;
}

/**
 * Makes the update of an item. Its event id follows from topic and item alone. So subscribers
 * recognise duplicates when two processes follow one feed, or one publishes again after a crash.
 */
export function toUpdate(plan: FeedsPlan, feed: FeedPlan, parsed: ReadFeed, { entry, aroundMs, updated }: News): TextUpdate {
  const { item, hash, stamp } = entry;
  const topic = plan.topic.expand((name) => (name === "feed" ? feed.name : hash)) ?? "";
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
  return { topic, type: plan.type, id: updated ? urn(topic, item.key, stamp) : id, data: JSON.stringify(data) };
}

function urn(...parts: readonly string[]): string {
  return `urn:sha256:${createHash("sha256").update(JSON.stringify(parts)).digest("hex")}`;
}
