import type { Matcher } from "artesian";
import { logJournal } from "artesian/journals/log";
import type { Authorization } from "../../packages/hub/src/core/matching/authorization.ts";
import type { IdCipher } from "../../packages/hub/src/core/journal/cursor.ts";
import { HubCore } from "../../packages/hub/src/core/hub-core.ts";
import type { Sink, Subscriber } from "../../packages/hub/src/core/live/subscriber.ts";
import { StandardParser } from "../protocol/standard-parser.ts";

/** An update as the model keeps it. Its place in the list is its offset, less one. */
export interface ModelUpdate {
  readonly topics: readonly string[];
  readonly data: string;
  readonly private: boolean;
  readonly id: string | undefined;
}

/** The data of an update as the model and a failure show it: its number, and the length of what it is filled out with. */
export function dataOf(number: number, filling: number): string {
  return filling === 0 ? `${number}` : `${number}+${filling}`;
}

/** The same as it is published. */
export function filledOut(data: string): string {
  const [number = "", filling = "0"] = data.split("+");
  return number + "x".repeat(Number(filling));
}

/** The hub as naively as it can be said: a list, of which the newest ones are held. */
export class NaiveHub {
  readonly updates: ModelUpdate[] = [];
  readonly #held: number;

  constructor(held: number) {
    this.#held = held;
  }

  /** Offset of the oldest update that is held. */
  get head(): number {
    return Math.max(1, this.updates.length - this.#held + 1);
  }

  /** The data of what a reader receives after an offset. */
  after(offset: number, reader: ReaderPlan): readonly string[] {
    return this.updates
      .slice(offset)
      .filter((update) => isFor(update, reader))
      .map(({ data }) => data);
  }

  /** Where a reader goes on that saw an event id last; undefined where there is a gap, and all that is held follows. */
  find(cursor: string | undefined, epoch: string): number | undefined {
    if (cursor === undefined) return this.updates.length;
    if (cursor === "earliest") return this.head - 1;
    const [, madeIn, digits] = /^#(\w+):(\w+)$/.exec(cursor) ?? [];
    if (digits !== undefined) {
      const offset = Number.parseInt(digits, 36);
      return madeIn === epoch && offset >= this.head - 1 && offset <= this.updates.length ? offset : undefined;
    }
    const index = this.updates.findIndex((update, i) => i >= this.head - 1 && update.id === cursor);
    return index < 0 ? undefined : index + 1;
  }
}

export interface ReaderPlan {
  readonly topics: readonly string[];
  /** Whether its token grants what is private. */
  readonly isTrusted: boolean;
}

function isFor({ topics, private: isPrivate }: ModelUpdate, { topics: wanted, isTrusted }: ReaderPlan): boolean {
  return (!isPrivate || isTrusted) && topics.some((topic) => wanted.includes(topic) || wanted.includes("*"));
}

const ALL: Authorization = {
  issuer: "i",
  subject: "s",
  tokenId: undefined,
  issuedAt: undefined,
  expiresAt: Infinity,
  publish: [],
  subscribe: [{ topics: [{ type: "exact", pattern: "*" }], payload: undefined }],
};

/** A reader of the real hub, over a sink that can be stopped, parsed as the standard says. */
export class ModelReader implements Sink {
  readonly plan: ReaderPlan;
  /** What it received, over all its connections. */
  readonly received: string[] = [];
  /** How many gaps it was told of. */
  gaps = 0;
  lastEventId: string | undefined;
  isStopped = false;
  isOpen = false;
  #subscriber: Subscriber | undefined;
  #parser: StandardParser;

  constructor(plan: ReaderPlan) {
    this.plan = plan;
    this.#parser = this.#newParser();
  }

  async connect(hub: HubCore): Promise<void> {
    const matchers = this.plan.topics.map((pattern): Matcher => ({ type: "exact", pattern }));
    const authorization = this.plan.isTrusted ? ALL : undefined;
    const selection = hub.readers.select(matchers, authorization);
    const start = await hub.readers.resolve(this.lastEventId, selection);
    this.#parser = this.#newParser();
    this.isOpen = true;
    this.#subscriber = hub.readers.attach(selection, this, start, authorization);
  }

  /** It is gone, without a word. */
  disconnect(): void {
    this.isOpen = false;
    this.#subscriber?.close();
  }

  goOn(): void {
    this.isStopped = false;
    this.drained();
  }

  /** It has taken what was written; where it is stopped, it takes one write more. */
  drained(): void {
    this.#subscriber?.drained();
  }

  write(bytes: Uint8Array): boolean {
    if (this.isOpen) this.#parser.feed(bytes);
    return !this.isStopped;
  }
  pendingBytes(): number {
    return 0;
  }
  end(): void {
    this.disconnect();
  }
  destroy(): void {
    this.disconnect();
  }

  #newParser(): StandardParser {
    return new StandardParser(({ id, type, data }) => {
      if (id !== "") this.lastEventId = id;
      if (type === "hub:gap") this.gaps++;
      else if (!type.startsWith("hub:")) this.received.push(data.replace(/x+$/, (filling) => `+${filling.length}`));
    });
  }
}

/** A hub on a directory, with the model's retention. */
export async function openHub(directory: string, held: number, idCipher?: IdCipher): Promise<HubCore> {
  const journal = await logJournal({ directory, retention: { maxCount: held } });
  return new HubCore({ journal, idCipher, writeStallMs: 3_600_000, drainMs: 20 });
}
