import { tabStorage } from "artesian-ui/storage.ts";
import { sendMessage, type TokenHolder } from "./chat-api.ts";
import { randomId } from "./identity.ts";
import type { Refusal } from "./texts.ts";

/**
 * A message on its way. The message keeps its id through all attempts, so the room gets it once.
 */
export interface OutboxItem {
  readonly id: string;
  readonly nickname: string;
  readonly text: string;
  readonly at: number;
  /**
   * `waiting`: an attempt failed, and the next starts by itself. `taken`: the message is in the
   * journal and about to arrive.
   */
  readonly status: "sending" | "waiting" | "taken" | "failed";
  /** Why the message failed. */
  readonly refusal?: Refusal;
}

const BACKOFF_MS = { min: 700, max: 10_000 };

export interface OutboxOptions {
  readonly room: string;
  readonly tokens: TokenHolder;
  readonly onChange: () => void;
}

/**
 * Sends messages one after the other, so that they arrive in order. Repeats each until it is taken
 * or refused.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #key: string;
  #items: readonly OutboxItem[];
  #working = false;
  #wake: () => void = () => {};

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#key = `artesian.chat.outbox.${options.room}`;
    this.#items = this.#restore();
    void this.#work();
  }

  get items(): readonly OutboxItem[] {
    return this.#items;
  }

  send(nickname: string, text: string): void {
    this.#set([...this.#items, { id: randomId(), nickname, text, at: Date.now(), status: "sending" }]);
    void this.#work();
  }

  /** Sends a refused message again, under the current nickname. */
  retry(id: string, nickname: string): void {
    const item = this.#items.find((other) => other.id === id);
    if (item === undefined) return;
    this.#set([...this.#items.filter((other) => other.id !== id), { id, nickname, text: item.text, at: item.at, status: "sending" }]);
    void this.#work();
  }

  /** Removes a message that has arrived, or is no longer wanted. */
  remove(id: string): void {
    if (this.#items.some((item) => item.id === id)) this.#set(this.#items.filter((item) => item.id !== id));
  }

  /** Ends the waiting, because the connection is back. */
  wake(): void {
    this.#wake();
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    let delayMs = BACKOFF_MS.min;
    for (let item = this.#next(); item !== undefined; item = this.#next()) {
      const { id, nickname, text } = item;
      const outcome = await sendMessage(this.#options.room, { id, nickname, text }, this.#options.tokens);
      if (outcome.kind === "taken") {
        delayMs = BACKOFF_MS.min;
        this.#mark(id, { status: "taken" });
      } else if (outcome.kind === "refused") {
        this.#mark(id, { status: "failed", refusal: outcome.refusal });
      } else {
        this.#mark(id, { status: "waiting" });
        await this.#wait(Math.max(outcome.waitMs, delayMs));
        delayMs = Math.min(BACKOFF_MS.max, delayMs * 2);
      }
    }
    this.#working = false;
  }

  #next(): OutboxItem | undefined {
    return this.#items.find(({ status }) => status === "sending" || status === "waiting");
  }

  #mark(id: string, change: Pick<OutboxItem, "status" | "refusal">): void {
    this.#set(this.#items.map((item) => (item.id === id ? { ...item, ...change } : item)));
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #set(items: readonly OutboxItem[]): void {
    this.#items = items;
    // In a browser without storage, a reload loses unsent messages.
    tabStorage.setItem(this.#key, JSON.stringify(items.filter(({ status }) => status !== "taken")));
    this.#options.onChange();
  }

  #restore(): readonly OutboxItem[] {
    try {
      const items = JSON.parse(tabStorage.getItem(this.#key) ?? "[]") as OutboxItem[];
      return items.map((item) => ({ ...item, status: item.status === "failed" ? "failed" : "sending" }));
    } catch {
      // The entry is not ours.
      return [];
    }
  }
}
