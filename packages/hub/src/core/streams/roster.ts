import type { Authorization } from "../matching/authorization.ts";
import type { Matcher } from "../matching/matcher.ts";
import type { Subscriber } from "../live/subscriber.ts";

/** A subscriber as seen by observers. */
export interface ObservedSubscriber {
  /** Random, unique to the connection. */
  readonly id: string;
  readonly matchers: readonly Matcher[];
  /** Address of the client, if the runtime gives an address. */
  readonly address: string | undefined;
  /** Claims of the subscriber's token. Undefined for an anonymous subscriber. */
  readonly authorization: Authorization | undefined;
}

/** Called as subscribers come and go, except for polls. Must not throw. */
export interface HubObserver {
  readonly subscribed?: (subscriber: ObservedSubscriber) => void;
  readonly unsubscribed?: (subscriber: ObservedSubscriber) => void;
}

/** All subscribers of a hub. Adding and removing cost the same at any number. */
export class Roster {
  /** Order means nothing. */
  readonly all: Subscriber[] = [];
  /** Subscribers whose cursor is behind the tail. */
  readonly lagging: Set<Subscriber> = new Set<Subscriber>();
  readonly #withToken = new Map<string, Subscriber>();
  readonly #observers = new Set<HubObserver>();
  /** Called with the error of an observer. The stream goes on. */
  onFault: (error: unknown) => void = () => undefined;
  #onEmpty: (() => void) | undefined;

  add(subscriber: Subscriber): void {
    subscriber.listIndex = this.all.length;
    this.all.push(subscriber);
    this.lagging.add(subscriber);
    if (subscriber.authorization !== undefined) this.#withToken.set(subscriber.id, subscriber);
    this.#notify("subscribed", subscriber);
  }

  remove(subscriber: Subscriber): void {
    this.lagging.delete(subscriber);
    this.#withToken.delete(subscriber.id);
    const last = this.all.pop();
    if (last !== undefined && last !== subscriber) {
      this.all[subscriber.listIndex] = last;
      last.listIndex = subscriber.listIndex;
    }
    this.#notify("unsubscribed", subscriber);
    if (this.all.length === 0) this.#onEmpty?.();
  }

  /** Finds a subscriber that came with a token. */
  withToken(id: string): Subscriber | undefined {
    return this.#withToken.get(id);
  }

  /**
   * Yields the subscribers that came with a token. A subscriber that ends meanwhile is left out.
   */
  tokenHolders(): Iterable<Subscriber> {
    return this.#withToken.values();
  }

  /** @returns Stops watching. */
  observe(observer: HubObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /** Resolves when all subscribers are gone, or after the time. */
  async emptied(withinMs: number): Promise<void> {
    if (this.all.length === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #notify(event: keyof HubObserver, subscriber: Subscriber): void {
    if (this.#observers.size === 0 || subscriber.sink.isBrief === true) return;
    const seen: ObservedSubscriber = {
      id: subscriber.id,
      matchers: subscriber.cohort.selection.matchers.map((compiled) => compiled.matcher),
      address: subscriber.sink.address,
      authorization: subscriber.authorization,
    };
    for (const observer of this.#observers) {
      try {
        observer[event]?.(seen);
      } catch (error) {
        this.onFault(error);
      }
    }
  }
}
