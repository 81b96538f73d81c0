import { HttpError, TemporaryError } from "../errors.ts";
import { conditionalGet, isSameVersion, pollLoop, shownAddress, type HttpAnswer, type Round } from "../http/index.ts";
import { runSources } from "../run.ts";
import { MAX_BATCH, SourceError, type Source, type SourceContext } from "../source.ts";
import { createGate, type Gate } from "./gate.ts";
import type { ParsedFeed } from "./item.ts";
import { planOf, type FeedPlan, type FeedSourceOptions, type FeedsPlan } from "./options.ts";
import { parseFeed } from "./parse.ts";
import { find, forget, itemHash, itemNames, itemStamp, loadSeen, saveSeen, touch, type Known, type Seen } from "./seen.ts";
import { chronological, toUpdate, type News } from "./update.ts";

export type { FeedAddress, FeedSourceOptions } from "./options.ts";
export type { FeedUpdate } from "./update.ts";

/**
 * Most answers that are read at a time. Each may be as large as `maxBytes`, and takes several times
 * that while it is parsed.
 */
const MAX_AT_ONCE = 4;

/**
 * Follows RSS (0.9 to 2.0), RDF, Atom and JSON feeds. Publishes each new item once, the oldest
 * first, across restarts.
 *
 * @throws TypeError with the name of an invalid option.
 * @see docs/guides/sources.md
 */
export function feedSource(options: FeedSourceOptions): Source {
  const plan = planOf(options);
  return {
    async run(context) {
      const gate = createGate(MAX_AT_ONCE);
      const failures: SourceError[] = [];
      const follow = async (feed: FeedPlan, own: SourceContext): Promise<void> => {
        try {
          await followFeed(plan, feed, own, gate);
        } catch (error) {
          // With `once`, one feed's failure must not cut the others short.
          if (!plan.once || !(error instanceof SourceError)) throw error;
          failures.push(error);
        }
      };
      const sources = plan.feeds.map((feed): [string, Source] => [feed.name, { run: (own) => follow(feed, own) }]);
      await runSources(Object.fromEntries(sources), context);
      if (failures.length > 0) throw new SourceError(failures.map(({ message }) => message).join(" "), { cause: failures[0] });
    },
  };
}

async function followFeed(plan: FeedsPlan, feed: FeedPlan, context: SourceContext, gate: Gate): Promise<void> {
  const seen = await loadSeen(context.memory);
  const warned = new Set<string>();
  await pollLoop(feed.timing, context, () => gate(() => round(plan, feed, context, seen, warned)));
}

async function round(plan: FeedsPlan, feed: FeedPlan, context: SourceContext, seen: Seen, warned: Set<string>): Promise<Round> {
  const { signal, report, memory } = context;
  const headers = { accept: ACCEPT, ...feed.headers };
  const answer = await conditionalGet(feed.address, { ...plan.http, headers, previous: seen.validators, signal });
  if (answer.kind === "unchanged") {
    report({ kind: "fetched", changed: false, items: 0, bytes: 0 });
    return answer;
  }
  const parsed = read(plan, feed, answer);
  for (const warning of parsed.warnings) {
    // The number of repairs changes all the time. The repair itself is news once.
    const kind = warning.replace(/\d+/g, "");
    if (!warned.has(kind)) report({ kind: "warning", message: `The feed "${feed.name}" ${warning}.` });
    warned.add(kind);
  }
  const news = findNews(plan, parsed, seen);
  report({ kind: "fetched", changed: news.length > 0, items: parsed.items.length, bytes: answer.body.byteLength });
  await publishNews(plan, feed, parsed, news, { context, seen });
  const changed = remember(plan, parsed, seen);
  const { validators } = answer;
  const isNew = changed || news.length > 0 || !seen.known || !isSameVersion(validators, seen.validators);
  seen.known = true;
  seen.validators = validators;
  if (isNew) await saveSeen(memory, seen);
  return answer;
}

/** Some servers send a web page unless the client asks for a feed. */
const ACCEPT =
  "application/feed+json, application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, */*;q=0.5";

function read(plan: FeedsPlan, feed: FeedPlan, answer: Extract<HttpAnswer, { kind: "changed" }>): ParsedFeed {
  const { body, contentType } = answer;
  try {
    return parseFeed({ body, contentType, url: feed.url.href }, plan.bounds);
  } catch (error) {
    if (!(error instanceof TemporaryError) || error instanceof HttpError) throw error;
    throw new TemporaryError(`${shownAddress(feed.url)}: ${error.message}`, { cause: error });
  }
}

/** Finds the items to publish, the oldest first. */
function findNews(plan: FeedsPlan, parsed: ParsedFeed, seen: Seen): readonly News[] {
  const found = new Map<string, News>();
  for (const { item, ms } of chronological(parsed.items)) {
    const hash = itemHash(item);
    const aroundMs = seen.known || item.publishedMs !== undefined || ms === Infinity ? undefined : ms;
    const stamp = itemStamp(item);
    const before = find(seen, hash, itemNames(item))?.stamp;
    const isNews = before === undefined || (plan.updates && before !== stamp);
    // If an item is in the document twice, the first in time counts.
    if (isNews && !found.has(hash)) found.set(hash, { item, hash, stamp, aroundMs, updated: before !== undefined });
  }
  const news = [...found.values()];
  return seen.known ? news : news.slice(Math.max(news.length - plan.first, 0));
}

async function publishNews(
  plan: FeedsPlan,
  feed: FeedPlan,
  parsed: ParsedFeed,
  news: readonly News[],
  { context, seen }: { readonly context: SourceContext; readonly seen: Seen },
): Promise<void> {
  for (let start = 0; start < news.length; start += MAX_BATCH) {
    const batch = news.slice(start, start + MAX_BATCH);
    await plan.outlet.publish(
      context,
      batch.map((each) => toUpdate(plan, feed, parsed, each)),
    );
    for (const { item, hash, stamp } of batch) touch(seen, hash, { stamp, names: itemNames(item) });
    // The new validators are not saved yet. With them, the rest of this answer would never be
    // requested again.
    if (start + MAX_BATCH < news.length && seen.known) await saveSeen(context.memory, { ...seen, validators: undefined });
  }
}

/**
 * Records the feed's current items.
 *
 * @returns Whether any item was unknown or is forgotten.
 */
function remember(plan: FeedsPlan, parsed: ParsedFeed, seen: Seen): boolean {
  const before = seen.items.size;
  let unknown = 0;
  const current = new Map<string, Known>();
  // The newest come last, so that they are forgotten last.
  for (const { item } of chronological(parsed.items)) {
    const hash = itemHash(item);
    if (!current.has(hash)) current.set(hash, { stamp: itemStamp(item), names: itemNames(item) });
  }
  for (const [hash, item] of current) {
    const known = seen.items.get(hash);
    if (known?.stamp !== item.stamp || known.names.join() !== item.names.join()) unknown += 1;
    touch(seen, hash, item);
  }
  forget(seen, plan.remember, current.size);
  return unknown > 0 || seen.items.size !== before;
}
