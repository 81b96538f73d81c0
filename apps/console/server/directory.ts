import { setImmediate } from "node:timers/promises";
import type { Hub, SubscriberInfo } from "artesian";
import { PAGE_SIZE, SEARCH_LENGTH, type SubscriberPage } from "./wire.ts";

/** Subscribers that are looked at before others have their turn: a list of 50,000 must hold up no delivery. */
const SLICE = 250;

/** Which subscribers are asked for. */
export interface SubscriberQuery {
  /** Words that must all occur, in whatever case: in the id, a matcher, the issuer, the subject or the state. */
  readonly search: string;
  /** Only those that are not at the tail. */
  readonly behind: boolean;
  /** The page begins after this id. */
  readonly after: string;
}

/** Finds one page of the hub's subscribers. However many there are, it keeps no more than the page. */
export async function listSubscribers(hub: Hub, { search, behind, after }: SubscriberQuery, signal: AbortSignal): Promise<SubscriberPage> {
  const words = search.slice(0, SEARCH_LENGTH).toLowerCase().split(/\s+/).filter(Boolean);
  const page: SubscriberInfo[] = [];
  let matched = 0;
  let total = 0;
  for (const subscriber of hub.subscribers()) {
    total += 1;
    if (total % SLICE === 0) {
      await setImmediate();
      // Nobody waits for the answer any more.
      if (signal.aborted) break;
    }
    if (behind && subscriber.state === "live") continue;
    if (words.length > 0 && !matches(subscriber, words)) continue;
    matched += 1;
    if (subscriber.id > after) insert(page, subscriber);
  }
  const hasMore = page.length > PAGE_SIZE;
  if (hasMore) page.pop();
  return { subscribers: page, matched, total, ...(hasMore && { next: page.at(-1)?.id }) };
}

function matches({ id, matchers, issuer = "anonymous", subject = "", state }: SubscriberInfo, words: readonly string[]): boolean {
  const text = [id, issuer, subject, state, ...matchers.map(({ pattern }) => pattern)].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Keeps the first ones by id: a page, and one more that tells of a next page. */
function insert(page: SubscriberInfo[], subscriber: SubscriberInfo): void {
  const last = page.at(-1);
  if (page.length > PAGE_SIZE && last !== undefined && last.id < subscriber.id) return;
  let index = page.length;
  while (index > 0 && (page[index - 1] as SubscriberInfo).id > subscriber.id) index -= 1;
  page.splice(index, 0, subscriber);
  if (page.length > PAGE_SIZE + 1) page.pop();
}
