import type { Subscriber } from "../live/subscriber.ts";
import { failureCode, type Span, type Tracing } from "../tracing.ts";

/** The spans of a subscriber that is not live. */
interface Behind {
  /** Undefined if the subscriber was live before. */
  readonly subscribe: Span | undefined;
  /** Undefined while nothing is read. */
  replay: Span | undefined;
  records: number;
  pages: number;
}

/** Spans of subscribers until they are live, and of their replays. */
export class StreamSpans {
  readonly #tracing: Tracing;
  /** No entry for live subscribers. */
  readonly #behind = new Map<Subscriber, Behind>();

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  /** @param subscribe - The span of the request. Ends when the subscriber is live or closed. */
  opened(subscriber: Subscriber, subscribe: Span): void {
    this.#behind.set(subscriber, { subscribe, replay: undefined, records: 0, pages: 0 });
  }

  /** The subscriber is about to read old updates. */
  reads(subscriber: Subscriber): void {
    let behind = this.#behind.get(subscriber);
    if (behind === undefined) {
      behind = { subscribe: undefined, replay: undefined, records: 0, pages: 0 };
      this.#behind.set(subscriber, behind);
    }
    if (behind.replay !== undefined) return;
    const parent = behind.subscribe;
    behind.replay = this.#tracing.begin("replay", { kind: "internal", parent, isRoot: parent === undefined });
    behind.records = 0;
    behind.pages = 0;
  }

  /** The subscriber has passed a page. @param records - Number of records of the journal. */
  passed(subscriber: Subscriber, records: number): void {
    const behind = this.#behind.get(subscriber);
    if (behind === undefined) return;
    behind.records += records;
    behind.pages++;
  }

  live(subscriber: Subscriber): void {
    this.#end(subscriber, true);
  }

  /** The socket is full. The next replay has a span of its own. */
  stalled(subscriber: Subscriber): void {
    const behind = this.#behind.get(subscriber);
    if (behind === undefined) return;
    endReplay(behind, false);
    if (behind.subscribe === undefined) this.#behind.delete(subscriber);
  }

  closed(subscriber: Subscriber): void {
    this.#end(subscriber, false);
  }

  /** The journal could not be read. */
  failed(subscriber: Subscriber, error: unknown): void {
    this.#end(subscriber, false, failureCode(error));
  }

  #end(subscriber: Subscriber, live: boolean, failure?: string): void {
    const behind = this.#behind.get(subscriber);
    if (behind === undefined) return;
    this.#behind.delete(subscriber);
    endReplay(behind, live, failure);
    behind.subscribe?.set({ live });
    behind.subscribe?.end(failure);
  }
}

function endReplay(behind: Behind, live: boolean, failure?: string): void {
  const { replay, records, pages } = behind;
  replay?.set({ records, pages, live });
  replay?.end(failure);
  behind.replay = undefined;
}
