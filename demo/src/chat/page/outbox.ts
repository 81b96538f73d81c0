import type { ReplyTo } from "../server/wire.ts";
import { type Refusal, sendMessage, type TokenHolder } from "./chat-api.ts";
import { randomId } from "./identity.ts";
import { OutboxShelf, tabName, type UnsentMessage } from "./outbox-shelf.ts";

/** A message on its way. */
export interface OutboxItem extends UnsentMessage {
  /**
   * `waiting`: an attempt failed, and the next starts by itself. `taken`: the server has
   * acknowledged the message, which is about to arrive.
   */
  readonly status: "sending" | "waiting" | "taken" | "failed";
}

const BACKOFF_MS = { min: 700, max: 10_000 };

/** Most unsent messages of a room. */
const MAX_UNSENT = 50;

/**
 * How long a tab may leave a message alone before another tab sends it, in milliseconds. A browser
 * freezes hidden tabs.
 */
const LEFT_ALONE_MS = 30_000;

/**
 * Age at which a message is no longer sent by itself, in milliseconds. The room remembers the ids
 * of the last messages only, and a talk has gone on.
 */
const TOO_OLD_MS = 86_400_000;

export interface OutboxOptions {
  readonly room: string;
  readonly tokens: TokenHolder;
  readonly onChange: () => void;
}

/**
 * Sends messages one after the other, so that they arrive in order. Repeats each until the server
 * has answered, also after a reload or in another tab. A message keeps the id, so
 * the room gets one even if two tabs send it.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #shelf: OutboxShelf;
  readonly #tab = tabName();
  readonly #stopWatching: () => void;
  readonly #adopting: ReturnType<typeof setInterval>;
  #items: readonly OutboxItem[];
  #visitor: string | undefined;
  #working = false;
  #wake: () => void = () => {};

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#shelf = new OutboxShelf(options.room);
    this.#items = this.#shelf.list().map(itemOf);
    this.#stopWatching = this.#shelf.watch(
      (message) => this.#onOthers(message),
      (id) => this.#drop(id),
    );
    // Another tab, or the same after a reload, may go on at once.
    addEventListener("pagehide", this.#leave);
    this.#adopting = setInterval(() => void this.#work(), LEFT_ALONE_MS / 4);
  }

  get items(): readonly OutboxItem[] {
    return this.#items;
  }

  /** @returns Whether there was room for the message. */
  send(nickname: string, text: string, replyTo?: ReplyTo): boolean {
    if (this.#items.length >= MAX_UNSENT) return false;
    const message = {
      id: randomId(),
      nickname,
      text,
      replyTo,
      at: Date.now(),
      visitor: this.#visitor,
      tab: this.#tab,
      caredAt: Date.now(),
    };
    this.#shelf.put(message);
    this.#set([...this.#items, itemOf(message)]);
    void this.#work();
    return true;
  }

  /** Sends a refused message again, under the current nickname. */
  retry(id: string, nickname: string): void {
    const item = this.#items.find((other) => other.id === id);
    if (item === undefined) return;
    this.#put({ ...item, nickname, at: Date.now(), visitor: this.#visitor, refusal: undefined });
    this.#set(this.#items.toSorted((one, other) => one.at - other.at));
    void this.#work();
  }

  /** Removes a message that has arrived, or is no longer wanted. */
  remove(id: string): void {
    this.#shelf.remove(id);
    this.#drop(id);
  }

  /** Ends the waiting, because the connection is back. */
  wake(): void {
    this.#wake();
  }

  /**
   * Begins to send, in the name of this visitor. Messages of the browser's earlier visitor wait for
   * a decision.
   */
  enter(visitor: string): void {
    this.#visitor = visitor;
    for (const item of this.#items) {
      if (item.visitor === undefined) this.#put({ ...item, visitor });
      else if (item.visitor !== visitor) this.#fail(item, "other_visitor");
      else if (Date.now() - item.at > TOO_OLD_MS) this.#fail(item, "too_old");
    }
    void this.#work();
  }

  close(): void {
    this.#leave();
    this.#visitor = undefined;
    this.#stopWatching();
    removeEventListener("pagehide", this.#leave);
    clearInterval(this.#adopting);
    this.#wake();
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    let delayMs = BACKOFF_MS.min;
    for (let item = this.#next(); item !== undefined; item = this.#next()) {
      const { id, nickname, text, replyTo } = item;
      this.#put({ ...item, tab: this.#tab, caredAt: Date.now() }, item.status);
      const outcome = await sendMessage(this.#options.room, { id, nickname, text, replyTo }, this.#options.tokens);
      // Cancelled meanwhile, or sent by another tab.
      const current = this.#items.find((other) => other.id === id);
      if (current === undefined) continue;
      if (outcome.kind === "taken") {
        delayMs = BACKOFF_MS.min;
        this.#shelf.remove(id);
        this.#replace({ ...current, status: "taken" });
      } else if (outcome.kind === "refused") {
        this.#put({ ...current, refusal: outcome.refusal });
      } else {
        this.#replace({ ...current, status: "waiting" });
        await this.#wait(Math.max(outcome.waitMs, delayMs));
        delayMs = Math.min(BACKOFF_MS.max, delayMs * 2);
      }
    }
    this.#working = false;
  }

  /** The first message that is this tab's to send. */
  #next(): OutboxItem | undefined {
    if (this.#visitor === undefined) return undefined;
    // A page that was frozen has missed what other tabs did.
    for (const { id, status } of this.#items) if (status !== "taken" && !this.#shelf.has(id)) this.#drop(id);
    return this.#items.find(
      ({ status, tab, caredAt }) =>
        (status === "sending" || status === "waiting") && (tab === this.#tab || Date.now() - caredAt > LEFT_ALONE_MS),
    );
  }

  #onOthers(message: UnsentMessage): void {
    const known = this.#items.find(({ id }) => id === message.id);
    if (known === undefined) this.#set([...this.#items, itemOf(message)].toSorted((one, other) => one.at - other.at));
    else this.#replace(itemOf(message));
    void this.#work();
  }

  #fail(item: OutboxItem, code: Refusal["code"]): void {
    if (item.status !== "failed") this.#put({ ...item, refusal: { code, status: 0, detail: "" } });
  }

  readonly #leave = (): void => {
    for (const item of this.#items) if (item.tab === this.#tab && item.status !== "taken") this.#put({ ...item, caredAt: 0 }, item.status);
  };

  /** Keeps a changed message. */
  #put(changed: OutboxItem, status?: OutboxItem["status"]): void {
    const { status: _, ...message } = changed;
    this.#shelf.put(message);
    this.#replace({ ...itemOf(message), ...(status === undefined ? {} : { status }) });
  }

  #replace(item: OutboxItem): void {
    this.#set(this.#items.map((other) => (other.id === item.id ? item : other)));
  }

  #drop(id: string): void {
    if (this.#items.some((item) => item.id === id)) this.#set(this.#items.filter((item) => item.id !== id));
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
    this.#options.onChange();
  }
}

function itemOf(message: UnsentMessage): OutboxItem {
  return { ...message, status: message.refusal === undefined ? "sending" : "failed" };
}
