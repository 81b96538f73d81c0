import type { SubscriberInfo } from "./own-process.ts";
import { PEER_TEXT_LENGTH } from "../journal/peers.ts";
import { nextTurn } from "../scheduler.ts";

/** Query for subscribers. */
export interface SubscriberQuery {
  /**
   * Words that must all occur, in any case, in the id, a matcher, the issuer, the subject, the
   * address or the state. At most 200 characters count.
   */
  readonly search?: string | undefined;
  /** Only subscribers that are not at the tail. Default false. */
  readonly behind?: boolean | undefined;
  /** The page begins after this id. */
  readonly after?: string | undefined;
  /** Most subscribers of the page, from 1 to 1,000. Default 50. */
  readonly limit?: number | undefined;
}

/** Subscribers that match, in the order of their ids. */
export interface SubscriberPage {
  readonly subscribers: readonly SubscriberInfo[];
  /** Number of matches on all pages, and number of all subscribers. */
  readonly matched: number;
  readonly total: number;
  /** Id after which the next page begins, or undefined on the last page. */
  readonly next?: string | undefined;
}

const PAGE = 50;
const LONGEST_PAGE = 1000;
const SEARCH_LENGTH = 200;
/**
 * Subscribers examined before other work has its turn. A list of 50,000 must hold up no delivery.
 */
const SLICE = 250;
/** Most characters of a page. A page must fit into an answer to a peer, even with long matchers. */
const PAGE_LENGTH = PEER_TEXT_LENGTH / 4;

/**
 * Finds one page of subscribers. Memory is bounded by the page, not by the number of subscribers.
 */
export async function findSubscribers(
  all: Iterable<SubscriberInfo>,
  query: SubscriberQuery,
  signal?: AbortSignal,
): Promise<SubscriberPage> {
  const { search = "", behind = false, after = "" } = query;
  const words = search.slice(0, SEARCH_LENGTH).toLowerCase().split(/\s+/).filter(Boolean);
  const limit = pageLimit(query);
  const page: SubscriberInfo[] = [];
  let matched = 0;
  let total = 0;
  for (const subscriber of all) {
    total += 1;
    if (total % SLICE === 0) {
      await nextTurn();
      // Nobody waits for the answer any more.
      if (signal?.aborted === true) break;
    }
    if (behind && subscriber.state === "live") continue;
    if (words.length > 0 && !matches(subscriber, words)) continue;
    matched += 1;
    if (subscriber.id > after) insert(page, subscriber, limit);
  }
  const subscribers = page.slice(0, Math.min(limit, fitting(page)));
  return { subscribers, matched, total, next: subscribers.length < page.length ? subscribers.at(-1)?.id : undefined };
}

/** Merges the pages of several processes into one. */
export function mergePages(pages: readonly SubscriberPage[], query: SubscriberQuery): SubscriberPage {
  // A page with a next page says nothing about the ids after its end.
  const ends = pages.flatMap(({ next }) => (next === undefined ? [] : [next])).toSorted();
  const [end] = ends;
  const all = pages
    .flatMap(({ subscribers }) => subscribers)
    .filter(({ id }) => end === undefined || id <= end)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const subscribers = all.slice(0, pageLimit(query));
  const sum = (of: "matched" | "total"): number => pages.reduce((before, page) => before + page[of], 0);
  const hasMore = end !== undefined || subscribers.length < all.length;
  return { subscribers, matched: sum("matched"), total: sum("total"), next: hasMore ? subscribers.at(-1)?.id : undefined };
}

function pageLimit({ limit = PAGE }: SubscriberQuery): number {
  return Math.min(Math.max(Math.floor(limit), 1), LONGEST_PAGE);
}

function matches(
  { id, matchers, issuer = "anonymous", subject = "", address = "", state }: SubscriberInfo,
  words: readonly string[],
): boolean {
  const text = [id, issuer, subject, address, state, ...matchers.map(({ pattern }) => pattern)].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Keeps the first subscribers by id: a page, and one more that tells of a next page. */
function insert(page: SubscriberInfo[], subscriber: SubscriberInfo, limit: number): void {
  const last = page.at(-1);
  if (page.length > limit && last !== undefined && last.id < subscriber.id) return;
  let index = page.length;
  while (index > 0 && (page[index - 1] as SubscriberInfo).id > subscriber.id) index -= 1;
  page.splice(index, 0, subscriber);
  if (page.length > limit + 1) page.pop();
}

/** Counts the subscribers that fit into a page, at least 1. */
function fitting(page: readonly SubscriberInfo[]): number {
  let length = 0;
  const index = page.findIndex((subscriber) => (length += JSON.stringify(subscriber).length) > PAGE_LENGTH);
  return index < 0 ? page.length : Math.max(index, 1);
}
