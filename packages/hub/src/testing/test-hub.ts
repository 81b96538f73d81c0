import { createHub, type Hub } from "../create-hub.ts";
import { formatCursor } from "../core/journal/cursor.ts";
import type { JournalRecord } from "../core/journal/journal.ts";
import type { HubOptions } from "../hub-options.ts";
import { memoryJournal } from "../journals/memory/index.ts";

/** An update that was published, as a subscriber with all rights would see it. */
export interface PublishedUpdate extends Pick<JournalRecord, "topics" | "data" | "private"> {
  /** The event id. */
  readonly id: string;
  /** `message` unless the publisher chose another. */
  readonly type: string;
}

/** What an update must be: of a topic, or one that a test of its own accepts. */
export type Wanted = string | ((update: PublishedUpdate) => boolean);

/** A hub for an application's tests. Its journal is in memory. */
export interface TestHub extends Hub {
  /** The `fetch` option of `artesian-client`. Relative URLs are the hub's. No server is needed. */
  readonly clientFetch: typeof fetch;
  /** Lists the updates that were published, the oldest first. @param wanted - Default: all. */
  readonly published: (wanted?: Wanted) => readonly PublishedUpdate[];
  /**
   * Waits for an update. One that was published before counts too.
   *
   * @param options - `timeoutMs`: longest wait, by the real clock even under fake timers. Default
   *   1,000.
   * @throws Error after that time. It lists what was published.
   */
  readonly waitFor: (wanted: Wanted, options?: { readonly timeoutMs?: number }) => Promise<PublishedUpdate>;
}

/** The real ones, also for tests that replace them later. */
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;

/** Most updates that an error lists. */
const LISTED = 10;

/**
 * Makes a hub for tests. Close it at the end of each, or write `await using hub = createTestHub()`.
 *
 * @param options - As for `createHub`. By default anyone may publish, nothing is logged, and
 *   subscribers that are sent away need not wait.
 */
export function createTestHub(options: Omit<HubOptions, "journal"> = {}): TestHub {
  const journal = memoryJournal();
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const hub = createHub({ anonymousPublish: true, drainMs: 0, retryMs: { min: 0, max: 0 }, logger: quiet, ...options, journal });
  const all: PublishedUpdate[] = [];
  const waiting = new Set<() => void>();
  const stop = journal.follow(0, (records) => {
    for (const { topics, data, type = "message", private: isPrivate, id, offset } of records) {
      // The hub's own notes have no data for subscribers.
      if (topics.every((topic) => topic.startsWith(new URL(hub.url).pathname))) continue;
      all.push({ id: id ?? formatCursor({ epoch: journal.epoch, offset }), topics, data, type, private: isPrivate });
    }
    for (const look of waiting) look();
  });
  const published = (wanted: Wanted = () => true): readonly PublishedUpdate[] => all.filter((update) => isWanted(update, wanted));
  const close = async (): Promise<void> => {
    stop();
    await hub.close();
  };
  return Object.defineProperties(
    {
      ...hub,
      close,
      [Symbol.asyncDispose]: close,
      published,
      clientFetch: (input: string | URL | Request, init?: RequestInit) =>
        hub.fetch(new Request(typeof input === "string" ? new URL(input, hub.url) : input, init)),
      async waitFor(wanted: Wanted, { timeoutMs = 1000 } = {}) {
        let timer: ReturnType<typeof setTimeout> | undefined;
        let look = (): void => undefined;
        try {
          return await new Promise<PublishedUpdate>((resolve, reject) => {
            look = () => {
              const [first] = published(wanted);
              if (first !== undefined) resolve(first);
            };
            timer = startTimer(
              () => reject(new Error(`${nameOf(wanted)} was not published within ${timeoutMs} ms. ${listOf(all)}`)),
              timeoutMs,
            );
            waiting.add(look);
            look();
          });
        } finally {
          stopTimer(timer);
          waiting.delete(look);
        }
      },
    },
    { draining: { get: () => hub.draining, enumerable: true } },
  );
}

function isWanted(update: PublishedUpdate, wanted: Wanted): boolean {
  return typeof wanted === "string" ? update.topics.includes(wanted) : wanted(update);
}

function nameOf(wanted: Wanted): string {
  return typeof wanted === "string" ? `An update of ${JSON.stringify(wanted)}` : "Such an update";
}

function listOf(all: readonly PublishedUpdate[]): string {
  if (all.length === 0) return "Nothing was published.";
  const lines = all.slice(-LISTED).map(({ topics, data }) => `  ${topics.join(", ")}: ${data.slice(0, 60)}`);
  return `Published:\n${lines.join("\n")}`;
}
