import { lookup } from "node:dns/promises";
import type { AllowAddress, SourceMemory } from "artesian-sources";
import { feedSource } from "artesian-sources";
import type { FeedState } from "./feed-state.ts";
import type { NewsFeed } from "./options.ts";
import { parseFeed } from "./parse-feed.ts";
import { type AddedFeeds, type AddFeeds, MAX_ADDRESS, MAX_FEEDS } from "./adding-feeds.ts";

/**
 * Key of the added feeds in the memory. Feeds' own keys begin with their names and have a slash.
 */
const KEY = "added-feeds";

/** Longest title of an added feed, in characters. */
const MAX_TITLE = 100;

/** Longest wait for the addresses of a name, in milliseconds. */
const LOOKUP_MS = 3000;

/** Where a feed comes from: the command, the sample feeds, or the page. */
export type Origin = "given" | "sample" | "added";

type Refusal = AddedFeeds["refused"][number]["code"];

/** A feed that is being followed. */
export interface Followed {
  readonly feed: NewsFeed;
  readonly origin: Origin;
  readonly state: FeedState;
  /** Stops following the feed. Resolves when what was found is published. */
  stop(): Promise<void>;
}

interface RosterOptions {
  readonly given: readonly NewsFeed[];
  /** Followed until an added feed has had items, so that a wrong address empties no page. */
  readonly samples: readonly NewsFeed[];
  readonly memory: SourceMemory;
  readonly allowAddress: AllowAddress;
  /** @param onItems - To be called once the feed has items. */
  readonly follow: (feed: NewsFeed, origin: Origin, onItems: () => void) => Followed;
  /** Called when feeds were added or removed. */
  readonly onChange: () => void;
}

/** The feeds that are followed now. Those that were added in the page are kept in the memory. */
export class Roster {
  readonly #options: RosterOptions;
  readonly #followed = new Map<string, Followed>();
  /** Names of the added feeds that have had items. */
  readonly #proven = new Set<string>();
  /** The changes, one after another. */
  #last: Promise<unknown>;
  #isClosed = false;

  constructor(options: RosterOptions) {
    this.#options = options;
    for (const feed of options.given) this.#start(feed, "given");
    this.#last = this.#load();
  }

  /** The feeds that are followed at this moment. */
  get followed(): readonly Followed[] {
    return [...this.#followed.values()];
  }

  /** The feeds in their order: given, added, sample. Resolves when the added ones are read. */
  async list(): Promise<readonly Followed[]> {
    await this.#last.catch(() => undefined);
    return this.followed;
  }

  /** @throws SourceError if the memory can't keep the feeds. None is added then. */
  add(wanted: AddFeeds["feeds"]): Promise<AddedFeeds> {
    return this.#inTurn(async () => {
      const refused: AddedFeeds["refused"][number][] = [];
      const found: NewsFeed[] = [];
      const checked = await Promise.all(wanted.map(({ url }) => checkAddress(url, this.#options.allowAddress)));
      for (const [index, { url, title }] of wanted.entries()) {
        const address = checked[index] ?? "invalid_address";
        const feed = typeof address === "string" ? address : this.#plan(address, title, found);
        if (typeof feed === "string") refused.push({ url: url.slice(0, MAX_ADDRESS), code: feed });
        else found.push(feed);
      }
      if (found.length > 0) await this.#keep([...this.#added(), ...found]);
      for (const feed of found) this.#start(feed, "added");
      await this.#settle(found.length > 0);
      return { added: found.length, refused };
    });
  }

  /**
   * Removes an added feed and all memory of the feed.
   *
   * @returns Whether there was one, or `not_removable`.
   * @throws SourceError if the memory can't forget the feed. The feed stays then.
   */
  remove(name: string): Promise<boolean | "not_removable"> {
    return this.#inTurn(async () => {
      const followed = this.#followed.get(name);
      if (followed === undefined) return false;
      if (followed.origin !== "added") return "not_removable";
      await this.#keep(this.#added().filter((feed) => feed.name !== name));
      this.#followed.delete(name);
      this.#proven.delete(name);
      await followed.stop();
      for (const key of ["feed", "about"]) await this.#options.memory.set(`${name}/${key}`, undefined);
      await this.#settle(true);
      return true;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last.catch(() => undefined);
    await Promise.all([...this.#followed.values()].map((followed) => followed.stop()));
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.catch(() => undefined).then(change);
    this.#last = turn;
    return turn;
  }

  async #load(): Promise<void> {
    const text = await this.#options.memory.get(KEY).catch(() => undefined);
    for (const feed of parseKept(text)) {
      if (this.#followed.has(feed.name) || this.#followed.size >= MAX_FEEDS) continue;
      // Kept once the feed was read. A wrong address must not empty the page.
      const wasRead = await this.#options.memory.get(`${feed.name}/feed`).catch(() => undefined);
      if (wasRead !== undefined) this.#proven.add(feed.name);
      this.#start(feed, "added");
    }
    await this.#settle(false);
  }

  #added(): NewsFeed[] {
    return [...this.#followed.values()].filter(({ origin }) => origin === "added").map(({ feed }) => feed);
  }

  async #keep(feeds: readonly NewsFeed[]): Promise<void> {
    await this.#options.memory.set(KEY, JSON.stringify(feeds));
  }

  /** Starts the sample feeds if no feed was added that has items, or stops them. */
  async #settle(isOtherList: boolean): Promise<void> {
    const hasAdded = this.#proven.size > 0;
    for (const feed of this.#options.samples) {
      const followed = this.#followed.get(feed.name);
      if (!hasAdded && followed === undefined) this.#start(feed, "sample");
      if (!hasAdded || followed === undefined) continue;
      this.#followed.delete(feed.name);
      await followed.stop();
    }
    if (isOtherList) this.#options.onChange();
  }

  #start(feed: NewsFeed, origin: Origin): void {
    if (!this.#isClosed)
      this.#followed.set(
        feed.name,
        this.#options.follow(feed, origin, () => this.#prove(feed, origin)),
      );
  }

  #prove({ name }: NewsFeed, origin: Origin): void {
    if (origin !== "added" || this.#isClosed || this.#proven.has(name) || !this.#followed.has(name)) return;
    this.#proven.add(name);
    this.#inTurn(() => this.#settle(true)).catch(() => undefined);
  }

  /** The feed of an address, unless the feed is a duplicate or too many are there. */
  #plan(url: URL, title: string | undefined, before: readonly NewsFeed[]): NewsFeed | Refusal {
    const others = [...[...this.#followed.values()].map(({ feed }) => feed), ...before];
    if (others.some((feed) => new URL(feed.url).href === url.href)) return "already_followed";
    const followed = [...this.#followed.values()].filter(({ origin }) => origin !== "sample");
    if (followed.length + before.length >= MAX_FEEDS) return "too_many_feeds";
    const names = new Set([...others, ...this.#options.samples].map(({ name }) => name));
    const { name } = parseFeed(url.href);
    let free = name;
    for (let count = 2; names.has(free); count++) free = `${name.slice(-90)} ${count}`;
    const shown = (title ?? "")
      .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, " ")
      .trim()
      .slice(0, MAX_TITLE);
    return { name: free, url: url.href, title: shown === "" ? undefined : shown };
  }
}

async function checkAddress(text: string, allow: AllowAddress): Promise<URL | Refusal> {
  const url = text.length <= MAX_ADDRESS && URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return "invalid_address";
  return (await mayBeAsked(url, allow)) ? url : "private_address";
}

/** Whether an address may be asked, for an early refusal: each request is checked again. */
async function mayBeAsked(url: URL, allow: AllowAddress): Promise<boolean> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  // A name that is unknown now may be known later.
  const found = lookup(host, { all: true }).catch(() => []);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<[]>((resolve) => (timer = setTimeout(() => resolve([]), LOOKUP_MS)));
  const addresses = await Promise.race([found, tooLate]);
  clearTimeout(timer);
  return addresses.length === 0 || addresses.some(({ address }) => allow(address));
}

/** Reads the kept feeds. What can't be followed is left out. */
function parseKept(text: string | undefined): readonly NewsFeed[] {
  try {
    const feeds: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(feeds) ? (feeds as unknown[]).filter(isFeed) : [];
  } catch {
    // Same as without an entry.
    return [];
  }
}

function isFeed(value: unknown): value is NewsFeed {
  const { name, url, title } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (typeof name !== "string" || typeof url !== "string" || (title !== undefined && typeof title !== "string")) return false;
  try {
    feedSource({ feeds: { name, url } });
    return true;
  } catch {
    // Written by another version.
    return false;
  }
}
