import { addressKey } from "../address-key.ts";
import { Allowance } from "./allowance.ts";
import type { Grants } from "../matching/grants.ts";
import { isCompat, COMPAT_CONTEXT, compatSubscription } from "./compat-subscription.ts";
import { LogThrottle } from "../log-throttle.ts";
import type { Logger } from "../logger.ts";
import type { Matcher } from "../matching/matcher.ts";
import { PresenceLog } from "./presence-log.ts";
import { type PresenceBatch, PresenceQueue, type PresenceRates } from "./presence-queue.ts";
import type { Roster } from "../streams/roster.ts";
import { after as later, every, monotonicMs, sleep, within } from "../scheduler.ts";
import { allEntries, type JournalState, type StateStep } from "../journal/state.ts";
import { describeSubscription, type SubscriptionDocument, subscriptionPrefix } from "../matching/subscription.ts";
import type { Update } from "../update/update.ts";

/** A subscription as stored. */
interface StoredSubscription {
  /** The process that holds its stream. */
  readonly node: string;
  readonly document: SubscriptionDocument;
}

/** A subscriber in presence. */
export interface PresentSubscriber {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  /** Address of the client, if the runtime gives an address. */
  readonly address: string | undefined;
  /** Finds the token's payload for a subscription with this matcher. */
  readonly payload: (matcher: Matcher) => unknown;
}

/** Options of presence. */
export interface PresenceOptions {
  readonly state: JournalState;
  /** The path of the hub's URL. */
  readonly hubPath: string;
  /** Longest time for which a dead process's subscriptions stay in the table, in milliseconds. */
  readonly leaseMs: number;
  readonly rates: PresenceRates;
  /** Most updates kept for subscribers that come back. */
  readonly history: number;
  /** Requests between the processes of the journal. */
  readonly peers: {
    ask(name: string, value: unknown): Promise<unknown>;
    answer(name: string, handler: (value: unknown) => unknown): void;
  };
  readonly logger: Logger;
}

/**
 * Prefix of the entries of known processes. A process is known from its start until it ends or is
 * taken for dead. Its lease changes all the time.
 */
const NODES = "node/";
const LEASES = "lease/";
/** Most subscriptions of one commit at the end, and when others' subscriptions are removed. */
const CHUNK = 500;
/** How long arrivals and departures are gathered for one commit, in milliseconds. */
const GATHER_MS = 100;
/**
 * Rate of notes. Each commit is a note in the journal, and takes the place of an update in the end.
 * So the notes of a crowd that comes and goes without end are five seconds apart. That is 17,280 a
 * day.
 */
const NOTES = { perSecond: 0.2, burst: 60 };
/** Time between two searches for entries of ended processes, in milliseconds. */
const SWEEP_MS = 60_000;
const RETRY_MS = 1000;
/**
 * Longest wait of a list for subscribers that came before it, in milliseconds. Nearly all are
 * announced by then. Many at once, or one past a rate, take longer.
 */
const ARRIVAL_MS = 600;
const ARRIVALS = "hub/arrivals";
const FAILED = "presence could not be written";
/** Most bytes of a page of the list, so that one request does not hold up the others. */
const PAGE_BYTES = 1024 * 1024;

/**
 * Publishes an update for each subscription that begins or ends. Keeps a table of the active
 * subscriptions, which all processes of the journal share.
 *
 * Each process holds a lease, which it renews. A process that stops renewing is taken for dead.
 * Another process removes its subscriptions from the table, and announces the end of each. A lease
 * counts as renewed if its text changes within a time by the watcher's own clock. So a clock that
 * is set changes nothing. A process that was only suspended finds its lease gone, and announces its
 * subscribers again.
 */
export class Presence {
  readonly #state: JournalState;
  readonly #hubPath: string;
  readonly #leaseMs: number;
  readonly #logger: Logger;
  readonly #queue: PresenceQueue;
  readonly #notes = new Allowance(NOTES.perSecond, NOTES.burst, monotonicMs());
  /** Expands the notes in the journal. */
  readonly log: PresenceLog;
  readonly #notices: LogThrottle;
  readonly #peers: PresenceOptions["peers"];
  /** Called after each commit. */
  #onCommitted: (() => void)[] = [];
  /** Time when each process's lease last changed. */
  readonly #leases = new Map<string, { readonly value: string; readonly seenAtMs: number }>();
  readonly #stopTimer: () => void;
  #node = crypto.randomUUID();
  #beats = 0;
  /** Stops the timer of the next commit. */
  #stopGathering: (() => void) | undefined;
  #committing: Promise<void> | undefined;
  #renewing: Promise<void> | undefined;
  #hasLease = false;
  #isClosing = false;
  #sweptAtMs = -Infinity;

  constructor(options: PresenceOptions) {
    this.#state = options.state;
    this.#hubPath = options.hubPath;
    this.#leaseMs = options.leaseMs;
    this.#logger = options.logger;
    this.#queue = new PresenceQueue(options.rates, options.logger, monotonicMs());
    this.log = new PresenceLog({
      state: this.#state,
      topic: `${this.#hubPath}/presence`,
      limit: options.history,
      eventOf: (document) => this.#event(document),
    });
    this.#notices = new LogThrottle(options.logger);
    this.#peers = options.peers;
    this.#peers.answer(ARRIVALS, (pattern) => this.#ownArrivals((pattern as string | null) ?? undefined).then(() => true));
    this.#stopTimer = every(this.#leaseMs / 4, () => this.#tick());
    this.#tick();
  }

  add({ id, matchers, address, payload }: PresentSubscriber): void {
    const documents = matchers.map((matcher) => describeSubscription(this.#hubPath, matcher, id, payload(matcher)));
    this.#queue.add({
      id,
      address: address === undefined ? undefined : addressKey(address),
      cameAtMs: monotonicMs(),
      bytes: documents.reduce((sum, document) => sum + JSON.stringify(document).length, 0),
      subscriptions: documents.map((document, index) => ({ key: this.#keyOf(document, index), document })),
      staleKeys: [],
    });
    this.#gather();
  }

  remove(id: string): void {
    this.#queue.remove(id);
    this.#gather();
  }

  /**
   * Waits until the subscribers that are here now are in the table, in all processes. A page that
   * asks who is there right after its stream was opened finds itself.
   *
   * @param matcher - Only subscribers with this matcher. Default: all.
   */
  async arrived(matcher?: Matcher): Promise<void> {
    const others = this.#peers.ask(ARRIVALS, matcher?.pattern ?? null);
    await Promise.all([this.#ownArrivals(matcher?.pattern), others]);
  }

  async #ownArrivals(pattern: string | undefined): Promise<void> {
    const now = monotonicMs();
    for (let leftMs = ARRIVAL_MS; leftMs > 0 && this.#queue.hasArriving(pattern, now); leftMs = now + ARRIVAL_MS - monotonicMs()) {
      await within(leftMs, new Promise<void>((resolve) => this.#onCommitted.push(resolve)));
    }
  }

  /**
   * Lists active subscriptions in a stable order, a page of about a mebibyte at the most.
   *
   * @param filter - By matcher, by subscriber, and by kind: subscriptions of Mercure 0.x, or all
   *   others.
   * @param after - The last key of the page before.
   * @param limit - Most subscriptions to return.
   * @returns `next`: set if there are more.
   */
  async list(
    filter: { readonly matcher?: Matcher | undefined; readonly subscriber?: string | undefined; readonly compat: boolean },
    { after, limit }: { readonly after: string | undefined; readonly limit: number },
  ): Promise<{ readonly documents: readonly SubscriptionDocument[]; readonly next: string | undefined }> {
    const { matcher, subscriber, compat } = filter;
    // A subscription that was announced again may be there twice for a moment.
    const documents = new Map<string, SubscriptionDocument>();
    let bytes = 0;
    let last = after;
    for await (const { key, value } of allEntries(this.#state, subscriptionPrefix(matcher, subscriber), after)) {
      if (documents.size >= limit || bytes >= PAGE_BYTES) return { documents: [...documents.values()], next: last };
      last = key;
      const { document } = JSON.parse(value) as StoredSubscription;
      // Keys hold the beginning of a long matcher only.
      const isOther = matcher !== undefined && document.match !== matcher.pattern;
      if (isOther || (subscriber !== undefined && document.subscriber !== subscriber) || isCompat(document) !== compat) continue;
      documents.set(document.id, document);
      bytes += value.length;
    }
    return { documents: [...documents.values()], next: undefined };
  }

  /**
   * Withdraws the remaining subscriptions, and releases the lease. Never rejects. Another process
   * finds out what could not be written.
   */
  async close(): Promise<void> {
    this.#stopTimer();
    this.#isClosing = true;
    this.#stopGathering?.();
    await this.#renewing;
    await this.#committing;
    const left = this.#queue.drain().flatMap(({ subscriptions }) => subscriptions);
    try {
      for (let i = 0; i < left.length; i += CHUNK) await this.#withdraw(left.slice(i, i + CHUNK));
      await this.#state.commit([LEASES, NODES].map((kind) => ({ key: kind + this.#node, value: undefined })));
    } catch (error) {
      this.#notices.warn("unwritten", { err: error }, FAILED);
    }
  }

  /**
   * The key includes the process. So the removal of a dead process's entry never removes a
   * subscription that was announced again.
   */
  #keyOf(document: SubscriptionDocument, index: number): string {
    const matcher = { type: document.match_type, pattern: document.match };
    return `${subscriptionPrefix(matcher, document.subscriber)}${index}/${this.#node}`;
  }

  /** Removes subscriptions and announces their end, unless another process has just done so. */
  async #withdraw(subscriptions: readonly { readonly key: string; readonly document: SubscriptionDocument }[]): Promise<void> {
    const ended = subscriptions.map(({ document }) => ({ ...document, active: false }));
    const { note, steps, committed } = this.log.prepare(this.#node, ended);
    // The removal of the first carries the note. The note is not appended if that entry is removed
    // already.
    const removals = subscriptions.map(({ key }, i): StateStep => ({ key, value: undefined, update: i === 0 ? note : undefined }));
    await this.#state.commit([...steps, ...removals]);
    committed();
  }

  async #tell({ leaving, arriving }: PresenceBatch): Promise<void> {
    const left = leaving.flatMap(({ subscriptions }) => subscriptions);
    const came = arriving.flatMap(({ subscriptions }) => subscriptions);
    const documents = [...left.map(({ document }) => ({ ...document, active: false })), ...came.map(({ document }) => document)];
    const { note, steps, committed } = this.log.prepare(this.#node, documents);
    const removals = [...left.map(({ key }) => key), ...arriving.flatMap(({ staleKeys }) => staleKeys)];
    await this.#state.commit([
      ...removals.map((key): StateStep => ({ key, value: undefined })),
      ...came.map(({ key, document }): StateStep => {
        return { key, value: JSON.stringify({ node: this.#node, document } satisfies StoredSubscription) };
      }),
      ...steps.map((step, i) => (i === 0 ? { ...step, update: note } : step)),
    ]);
    committed();
  }

  #event(document: SubscriptionDocument): Update {
    const event = { id: undefined, retry: undefined, private: true };
    if (!isCompat(document)) return { ...event, topics: [document.id], data: JSON.stringify(document), type: "mercure" };
    const compat = compatSubscription(this.#hubPath, document);
    return { ...event, topics: [compat.id], data: JSON.stringify({ "@context": COMPAT_CONTEXT, ...compat }), type: undefined };
  }

  /** Schedules one commit for the arrivals and departures until then. */
  #gather(): void {
    if (this.#stopGathering !== undefined || this.#committing !== undefined || this.#queue.isEmpty) return;
    if (!this.#hasLease || this.#isClosing) return;
    this.#stopGathering = later(Math.max(GATHER_MS, this.#notes.waitMs(monotonicMs())), () => {
      this.#stopGathering = undefined;
      this.#committing = this.#commit().finally(() => {
        this.#committing = undefined;
        for (const tell of this.#onCommitted.splice(0)) tell();
        this.#gather();
      });
    });
  }

  async #commit(): Promise<void> {
    const batch = this.#queue.take(monotonicMs());
    if (batch.leaving.length === 0 && batch.arriving.length === 0) return;
    this.#notes.take(1);
    try {
      await this.#tell(batch);
    } catch (error) {
      this.#notices.warn("unwritten", { err: error }, FAILED);
      this.#queue.putBack(batch);
      if (!this.#isClosing) await sleep(RETRY_MS);
    }
  }

  #tick(): void {
    this.#renewing ??= this.#renew()
      .catch((error: unknown) =>
        this.#notices.warn("lease", { err: error }, "the lease of this process's subscriptions could not be renewed"),
      )
      .finally(() => {
        this.#renewing = undefined;
        this.#gather();
      });
  }

  async #renew(): Promise<void> {
    const now = monotonicMs();
    const dead: string[] = [];
    const seen = new Set<string>();
    for await (const { key, value } of allEntries(this.#state, LEASES)) {
      const node = key.slice(LEASES.length);
      const known = this.#leases.get(node);
      if (known?.value !== value) this.#leases.set(node, { value, seenAtMs: now });
      else if (node !== this.#node && now - known.seenAtMs >= this.#leaseMs * 0.6) dead.push(node);
      seen.add(node);
    }
    for (const node of this.#leases.keys()) if (!seen.has(node)) this.#leases.delete(node);
    const isNew = !this.#hasLease;
    const wasTakenForDead = !isNew && !(await this.#isKnown(this.#node));
    if (wasTakenForDead) {
      this.#logger.warn({}, "another process took this process for dead; its subscriptions are announced again");
      this.#node = crypto.randomUUID();
    }
    const lease: StateStep = { key: LEASES + this.#node, value: String(++this.#beats) };
    await this.#state.commit(isNew || wasTakenForDead ? [{ key: NODES + this.#node, value: "" }, lease] : [lease]);
    this.#hasLease = true;
    if (wasTakenForDead) await this.#announceAll();
    if (dead.length > 0 || isNew) await this.#bury(dead);
    if (now - this.#sweptAtMs < SWEEP_MS) return;
    this.#sweptAtMs = now;
    await this.log.sweep((node) => this.#isKnown(node), now);
  }

  async #isKnown(node: string): Promise<boolean> {
    return (await this.#state.entries(NODES + node, { limit: 1 })).length > 0;
  }

  /**
   * Announces all subscribers under the new name of this process. Another process announced the end
   * of the old name's subscriptions.
   */
  async #announceAll(): Promise<void> {
    const left = this.#queue.tellAgain((entry) => ({
      ...entry,
      staleKeys: [...entry.staleKeys, ...entry.subscriptions.map(({ key }) => key)],
      subscriptions: entry.subscriptions.map(({ document }, index) => ({ key: this.#keyOf(document, index), document })),
    }));
    const keys = left.flatMap(({ subscriptions }) => subscriptions.map(({ key }) => key));
    for (let i = 0; i < keys.length; i += CHUNK)
      await this.#state.commit(keys.slice(i, i + CHUNK).map((key) => ({ key, value: undefined })));
  }

  /** Removes the subscriptions of dead processes and of unknown processes. */
  async #bury(dead: readonly string[]): Promise<void> {
    const gone = new Map<string, boolean>(dead.map((node) => [node, true]));
    const left: { readonly key: string; readonly document: SubscriptionDocument }[] = [];
    for await (const { key, value } of allEntries(this.#state, subscriptionPrefix())) {
      const { node, document } = JSON.parse(value) as StoredSubscription;
      // A process makes itself known before its first subscription. So a process that is not known
      // now has ended.
      if (!gone.has(node)) gone.set(node, !(await this.#isKnown(node)));
      if (gone.get(node) === true) left.push({ key, document });
    }
    for (let i = 0; i < left.length; i += CHUNK) await this.#withdraw(left.slice(i, i + CHUNK));
    await this.#state.commit(dead.flatMap((node) => [LEASES, NODES].map((kind) => ({ key: kind + node, value: undefined }))));
    for (const node of dead) this.#leases.delete(node);
  }
}

/** Presence of a hub's own subscribers. */
export function watchPresence(roster: Roster, grants: Grants, options: PresenceOptions): Presence {
  const presence = new Presence(options);
  roster.observe({
    subscribed: ({ id, matchers, address, authorization }) => {
      presence.add({ id, matchers, address, payload: (matcher) => authorization && grants.payload(authorization, matcher) });
    },
    unsubscribed: ({ id }) => presence.remove(id),
  });
  return presence;
}
