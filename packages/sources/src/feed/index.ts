import { setImmediate as nextTurn } from "node:timers/promises";
import { TemporaryError } from "../errors.ts";
import { conditionalGet, isSameVersion, pollLoop, shownAddress, type HttpAnswer, type Round } from "../http/index.ts";
import { runSources } from "../run.ts";
import { SourceError, type Source, type SourceContext } from "../source.ts";
import { createGate, type Gate } from "./gate.ts";
import type { FeedEntry, ReadFeed } from "./item.ts";
import { planOf, type FeedPlan, type FeedSourceOptions, type FeedsPlan } from "./options.ts";
import { createReader, type FeedReader } from "./reader.ts";
import { find, forget, loadSeen, saveSeen, touch, type Known, type Seen } from "./seen.ts";
import { inTurns } from "./turns.ts";
import { toUpdate, type News } from "./update.ts";

export type { FeedAddress, FeedSourceOptions } from "./options.ts";
export type { FeedUpdate } from "./update.ts";

/** Most answers that are fetched or read at a time. Each may be as large as `maxBytes`. */
const MAX_AT_ONCE = 4;

/** Most items published at a time. They are made within one turn of the event loop. */
const BATCH = 250;

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
      const reader = createReader(plan.bounds);
      const failures: SourceError[] = [];
      const follow = async (feed: FeedPlan, own: SourceContext): Promise<void> => {
        try {
          await followFeed(plan, feed, own, { gate, reader });
        } catch (error) {
          // With `once`, one feed's failure must not cut the others short.
          if (!plan.once || !(error instanceof SourceError)) throw error;
          failures.push(error);
        }
      };
      const sources = plan.feeds.map((feed): [string, Source] => [feed.name, { run: (own) => follow(feed, own) }]);
      try {
        await runSources(Object.fromEntries(sources), context);
      } finally {
        reader.release();
      }
      if (failures.length > 0) throw new SourceError(failures.map(({ message }) => message).join(" "), { cause: failures[0] });
    },
  };
}

/** Shared by the feeds of a source. */
interface Shared {
  readonly gate: Gate;
  readonly reader: FeedReader;
}

/** The state of a followed feed. */
interface Followed {
  readonly seen: Seen;
  /** Warnings that were given, without their numbers. */
  readonly warned: Set<string>;
}

async function followFeed(plan: FeedsPlan, feed: FeedPlan, context: SourceContext, { gate, reader }: Shared): Promise<void> {
  const followed: Followed = { seen: await loadSeen(context.memory), warned: new Set() };
  await pollLoop(feed.timing, context, () => gate(() => round(plan, feed, context, reader, followed)));
}

async function round(plan: FeedsPlan, feed: FeedPlan, context: SourceContext, reader: FeedReader, followed: Followed): Promise<Round> {
  const { signal, report, memory } = context;
  const { seen, warned } = followed;
  const headers = { accept: ACCEPT, ...feed.headers };
  const answer = await conditionalGet(feed.address, { ...plan.http, headers, previous: seen.validators, signal });
  if (answer.kind === "unchanged") {
    report({ kind: "fetched", changed: false, items: 0, bytes: 0 });
    return answer;
  }
  const bytes = answer.body.byteLength;
  const parsed = await read(reader, feed, answer, signal);
  for (const warning of parsed.warnings) {
    // The number of repairs changes all the time. The repair itself is news once.
    const kind = warning.replace(/\d+/g, "");
    if (!warned.has(kind)) report({ kind: "warning", message: `The feed "${feed.name}" ${warning}.` });
    warned.add(kind);
  }
  const news = await findNews(plan, parsed, seen);
  report({ kind: "fetched", changed: news.length > 0, items: parsed.entries.length, bytes });
  await publishNews(plan, feed, parsed, news, { context, seen });
  const changed = await remember(plan, parsed, seen);
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

type Changed = Extract<HttpAnswer, { kind: "changed" }>;

async function read(reader: FeedReader, feed: FeedPlan, { body, contentType }: Changed, signal: AbortSignal): Promise<ReadFeed> {
  try {
    return await reader.read({ body, contentType, url: feed.url.href }, signal);
  } catch (error) {
    if (!(error instanceof TemporaryError)) throw error;
    throw new TemporaryError(`${shownAddress(feed.url)}: ${error.message}`, { cause: error });
  }
}

/** Finds the items to publish, the oldest first. */
async function findNews(plan: FeedsPlan, parsed: ReadFeed, seen: Seen): Promise<readonly News[]> {
  const found = new Map<string, News>();
  await inTurns(parsed.entries, (entry) => {
    const { item, ms, hash, stamp, names } = entry;
    const aroundMs = seen.known || item.publishedMs !== undefined || ms === Infinity ? undefined : ms;
    const before = find(seen, hash, names)?.stamp;
    const isNews = before === undefined || (plan.updates && before !== stamp);
    // If an item is in the document twice, the first in time counts.
    if (isNews && !found.has(hash)) found.set(hash, { entry, aroundMs, updated: before !== undefined });
  });
  const news = [...found.values()];
  return seen.known ? news : news.slice(Math.max(news.length - plan.first, 0));
}

async function publishNews(
  plan: FeedsPlan,
  feed: FeedPlan,
  parsed: ReadFeed,
  news: readonly News[],
  { context, seen }: { readonly context: SourceContext; readonly seen: Seen },
): Promise<void> {
  for (let start = 0; start < news.length; start += BATCH) {
    // A hub in this process may answer without a turn of the event loop.
    if (start > 0) await nextTurn();
    const batch = news.slice(start, start + BATCH);
    await plan.outlet.publish(
      context,
      batch.map((each) => toUpdate(plan, feed, parsed, each)),
    );
    for (const { entry } of batch) touch(seen, entry.hash, knownOf(entry));
    // The new validators are not saved yet. With them, the rest of this answer would never be
    // requested again.
    if (start + BATCH < news.length && seen.known) await saveSeen(context.memory, { ...seen, validators: undefined });
  }
}

/**
 * Records the feed's current items.
 *
 * @returns Whether any item was unknown or is forgotten.
 */
async function remember(plan: FeedsPlan, parsed: ReadFeed, seen: Seen): Promise<boolean> {
  const before = seen.items.size;
  let unknown = 0;
  const current = new Map<string, FeedEntry>();
  // The newest come last, so that they are forgotten last.
  await inTurns(parsed.entries, (entry) => void (current.has(entry.hash) || current.set(entry.hash, entry)));
  await inTurns([...current.values()], (entry) => {
    const known = seen.items.get(entry.hash);
    if (known?.stamp !== entry.stamp || known.names.join() !== entry.names.join()) unknown += 1;
    touch(seen, entry.hash, knownOf(entry));
  });
  forget(seen, plan.remember, current.size);
  return unknown > 0 || seen.items.size !== before;
}

function knownOf({ stamp, names }: FeedEntry): Known {
  return { stamp, names };
}
