import type { Grants } from "./grants.ts";
import { isLegacy, LEGACY_CONTEXT, legacySubscription } from "./legacy-subscription.ts";
import { LogThrottle } from "./log-throttle.ts";
import type { Logger } from "./logger.ts";
import type { Matcher } from "./matcher.ts";
import type { Roster } from "./roster.ts";
import { every, monotonicMs, sleep } from "./scheduler.ts";
import { allEntries, type JournalState, type StateStep } from "./state.ts";
import { describeSubscription, type SubscriptionDocument, subscriptionPrefix } from "./subscription.ts";
import type { Update } from "./update.ts";

/** What is kept of a subscription. */
interface StoredSubscription {
  /** The process that holds its stream. */
  readonly node: string;
  readonly document: SubscriptionDocument;
}

/** A subscriber, as far as presence shows it. */
export interface PresentSubscriber {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  /** What its token says about a subscription with this matcher. */
  readonly payload: (matcher: Matcher) => unknown;
}

/** What presence needs. */
export interface PresenceOptions {
  readonly state: JournalState;
  /** The path of the hub's URL. */
  readonly hubPath: string;
  /** A process that dies leaves no subscription in the table for longer, in milliseconds. */
  readonly leaseMs: number;
  readonly logger: Logger;
}

/** A process is known from when it begins to when it ends or is taken for dead. Its lease changes all the time. */
const NODES = "node/";
const LEASES = "lease/";
/** Most steps of one commit: a crowd that arrives at once must not hold up publishers for long. */
const STEPS = 500;
/** Most steps a second: a crowd of connections that come and go must not push everything else out of the journal at once. */
const STEPS_A_SECOND = 2000;
const RETRY_MS = 1000;
/** Most of a page of the list: whoever asks for it must not hold up the others. */
const PAGE_BYTES = 1024 * 1024;

/**
 * Tells who is subscribed: an update for each subscription that begins or ends, and a table of those that are there, which all
 * processes of the journal share.
 *
 * Each process holds a lease, which it renews. One that stops doing so is taken for dead: another takes its subscriptions out of the table,
 * and tells of each that it ended. Leases are told apart by whether they change, and by the watcher's own clock, so that a clock that is set
 * changes nothing. A process that was only suspended finds its lease gone, and announces its subscribers anew.
 */
export class Presence {
  readonly #state: JournalState;
  readonly #hubPath: string;
  readonly #leaseMs: number;
  readonly #logger: Logger;
  readonly #notices: LogThrottle;
  /** This process's subscriptions: by subscriber and index, each with its key in the table. */
  readonly #own = new Map<string, { readonly key: string; readonly document: SubscriptionDocument }>();
  /** When each process's lease was last seen to change. */
  readonly #leases = new Map<string, { readonly value: string; readonly seenAtMs: number }>();
  readonly #stopTimer: () => void;
  #node = crypto.randomUUID();
  #beats = 0;
  /** What is to be committed, in order. */
  #steps: StateStep[] = [];
  #committing: Promise<void> | undefined;
  #renewing: Promise<void> | undefined;
  #hasLease = false;
  #isClosing = false;

  constructor(options: PresenceOptions) {
    this.#state = options.state;
    this.#hubPath = options.hubPath;
    this.#leaseMs = options.leaseMs;
    this.#logger = options.logger;
    this.#notices = new LogThrottle(options.logger);
    this.#stopTimer = every(this.#leaseMs / 4, () => this.#tick());
    this.#tick();
  }

  /** A subscriber came. */
  add({ id, matchers, payload }: PresentSubscriber): void {
    for (const [index, matcher] of matchers.entries()) {
      this.#announce(`${id}/${index}`, describeSubscription(this.#hubPath, matcher, id, payload(matcher)));
    }
    this.#commit();
  }

  /** A subscriber left. */
  remove({ id, matchers }: Omit<PresentSubscriber, "payload">): void {
    for (const index of matchers.keys()) {
      const name = `${id}/${index}`;
      const own = this.#own.get(name);
      if (own === undefined) continue;
      this.#own.delete(name);
      this.#steps.push(this.#withdraw(own.key, own.document));
    }
    this.#commit();
  }

  /**
   * Lists active subscriptions in a stable order, a page of about a mebibyte at the most.
   *
   * @param filter - Of a matcher, of a subscriber, and of which kind: those of Mercure 0.x, or all others.
   * @param after - The key of the last one of the page before.
   * @param limit - Most to return.
   * @returns `next`: set where there are more.
   */
  async list(
    filter: { readonly matcher?: Matcher | undefined; readonly subscriber?: string | undefined; readonly legacy: boolean },
    { after, limit }: { readonly after: string | undefined; readonly limit: number },
  ): Promise<{ readonly documents: readonly SubscriptionDocument[]; readonly next: string | undefined }> {
    const { matcher, subscriber, legacy } = filter;
    // One that was announced anew may be there twice for a moment.
    const documents = new Map<string, SubscriptionDocument>();
    let bytes = 0;
    let last = after;
    for await (const { key, value } of allEntries(this.#state, subscriptionPrefix(matcher, subscriber), after)) {
      if (documents.size >= limit || bytes >= PAGE_BYTES) return { documents: [...documents.values()], next: last };
      last = key;
      const { document } = JSON.parse(value) as StoredSubscription;
      // Keys hold the beginning of a long matcher only.
      const isOther = matcher !== undefined && document.match !== matcher.pattern;
      if (isOther || (subscriber !== undefined && document.subscriber !== subscriber) || isLegacy(document) !== legacy) continue;
      documents.set(document.id, document);
      bytes += value.length;
    }
    return { documents: [...documents.values()], next: undefined };
  }

  /** Withdraws what is left, and lets go of the lease. Never rejects: what can't be written another process finds out. */
  async close(): Promise<void> {
    this.#stopTimer();
    this.#isClosing = true;
    await this.#renewing;
    for (const { key, document } of this.#own.values()) this.#steps.push(this.#withdraw(key, document));
    this.#own.clear();
    this.#steps.push({ key: LEASES + this.#node, value: undefined }, { key: NODES + this.#node, value: undefined });
    this.#commit();
    await this.#committing;
  }

  #announce(name: string, document: SubscriptionDocument): void {
    // With the process in its key, what is taken out for a dead one never takes out what it announced anew.
    const key = `${subscriptionPrefix({ type: document.match_type, pattern: document.match }, document.subscriber)}${name.split("/")[1]}/${this.#node}`;
    this.#own.set(name, { key, document });
    this.#steps.push({
      key,
      value: JSON.stringify({ node: this.#node, document } satisfies StoredSubscription),
      update: this.#event(document),
    });
  }

  #withdraw(key: string, document: SubscriptionDocument): StateStep {
    return { key, value: undefined, update: this.#event({ ...document, active: false }) };
  }

  #event(document: SubscriptionDocument): Update {
    const event = { id: undefined, retry: undefined, private: true };
    if (!isLegacy(document)) return { ...event, topics: [document.id], data: JSON.stringify(document), type: "mercure" };
    const legacy = legacySubscription(this.#hubPath, document);
    return { ...event, topics: [legacy.id], data: JSON.stringify({ "@context": LEGACY_CONTEXT, ...legacy }), type: undefined };
  }

  #commit(): void {
    if (this.#hasLease || this.#isClosing) {
      if (this.#steps.length > 0) this.#committing ??= this.#commitAll();
    } else if (this.#steps.length > 2 * this.#own.size + STEPS) this.#steps = withoutPassersBy(this.#steps);
  }

  async #commitAll(): Promise<void> {
    while (this.#steps.length > 0) {
      const steps = this.#steps.splice(0, STEPS);
      try {
        await this.#state.commit(steps);
        if (this.#steps.length === 0 || steps.length < STEPS || this.#isClosing) continue;
        await sleep((1000 * STEPS) / STEPS_A_SECOND);
        // Who came and went meanwhile is not told of.
        this.#steps = withoutPassersBy(this.#steps);
      } catch (error) {
        this.#notices.warn("unwritten", { err: error }, "presence could not be written");
        if (this.#isClosing) break;
        this.#steps = withoutPassersBy([...steps, ...this.#steps]);
        await sleep(RETRY_MS);
      }
    }
    this.#committing = undefined;
  }

  #tick(): void {
    this.#renewing ??= this.#renew()
      .catch((error: unknown) =>
        this.#notices.warn("lease", { err: error }, "the lease of this process's subscriptions could not be renewed"),
      )
      .finally(() => {
        this.#renewing = undefined;
        this.#commit();
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
      this.#logger.warn({}, "another process took this one for dead; its subscriptions are announced anew");
      this.#node = crypto.randomUUID();
    }
    const lease: StateStep = { key: LEASES + this.#node, value: String(++this.#beats) };
    await this.#state.commit(isNew || wasTakenForDead ? [{ key: NODES + this.#node, value: "" }, lease] : [lease]);
    this.#hasLease = true;
    if (wasTakenForDead) this.#announceAll();
    if (dead.length > 0 || isNew) await this.#bury(dead);
  }

  async #isKnown(node: string): Promise<boolean> {
    return (await this.#state.entries(NODES + node, { limit: 1 })).length > 0;
  }

  #announceAll(): void {
    // What waits to be written under the old name is left out, but for those who left.
    this.#steps = this.#steps.filter(({ value }) => value === undefined);
    for (const [name, { key, document }] of this.#own) {
      this.#steps.push({ key, value: undefined });
      this.#announce(name, document);
    }
  }

  /** Takes out the subscriptions of processes that are dead, and of those that nobody knows any more. */
  async #bury(dead: readonly string[]): Promise<void> {
    const gone = new Map<string, boolean>(dead.map((node) => [node, true]));
    const steps: StateStep[] = [];
    for await (const { key, value } of allEntries(this.#state, subscriptionPrefix())) {
      const { node, document } = JSON.parse(value) as StoredSubscription;
      // A process makes itself known before its first subscription: one that is not known now has ended.
      if (!gone.has(node)) gone.set(node, !(await this.#isKnown(node)));
      if (gone.get(node) === true) steps.push(this.#withdraw(key, document));
    }
    for (const node of dead) steps.push({ key: LEASES + node, value: undefined }, { key: NODES + node, value: undefined });
    for (let i = 0; i < steps.length; i += STEPS) await this.#state.commit(steps.slice(i, i + STEPS));
    for (const node of dead) this.#leases.delete(node);
  }
}

/** Presence of a hub's own subscribers. */
export function watchPresence(roster: Roster, grants: Grants, options: PresenceOptions): Presence {
  const presence = new Presence(options);
  roster.observe({
    subscribed: ({ id, matchers, authorization }) => {
      presence.add({ id, matchers, payload: (matcher) => authorization && grants.payload(authorization, matcher) });
    },
    unsubscribed: (subscriber) => presence.remove(subscriber),
  });
  return presence;
}

/** Leaves out those who came and went while nothing could be written, so that what waits is bounded by who is there. */
function withoutPassersBy(steps: readonly StateStep[]): StateStep[] {
  const came = new Set(steps.filter(({ value }) => value !== undefined).map(({ key }) => key));
  const passed = new Set(steps.filter(({ key, value }) => value === undefined && came.has(key)).map(({ key }) => key));
  return steps.filter(({ key }) => !passed.has(key));
}
