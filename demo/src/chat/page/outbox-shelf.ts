import { browserStorage, tabStorage } from "artesian-ui/storage.ts";
import type { ReplyTo } from "../server/wire.ts";
import { randomId } from "./identity.ts";
import type { Refusal } from "./chat-api.ts";

/** An unsent message as the browser keeps it. */
export interface UnsentMessage {
  /** Made with the message, and sent with each attempt. The room takes an id once. */
  readonly id: string;
  readonly nickname: string;
  readonly text: string;
  readonly replyTo?: ReplyTo | undefined;
  readonly at: number;
  /** The public name tag of the writer. Undefined before the first token. */
  readonly visitor?: string | undefined;
  /** The tab that sends the message. */
  readonly tab: string;
  /** When that tab last took care. 0 if the tab was left. */
  readonly caredAt: number;
  /** Why the message was refused. Without it, the message is to be sent. */
  readonly refusal?: Refusal | undefined;
}

const TAB_KEY = "artesian.chat.tab";

/** The name of this tab, the same after a reload. */
export function tabName(): string {
  const name = tabStorage.getItem(TAB_KEY) ?? randomId();
  tabStorage.setItem(TAB_KEY, name);
  return name;
}

/**
 * The unsent messages of one room in the browser's storage, where all tabs see them. Each is an
 * own entry, so that no tab overwrites another's.
 */
export class OutboxShelf {
  readonly #prefix: string;

  constructor(room: string) {
    this.#prefix = `artesian.chat.unsent.${room}.`;
  }

  /** All messages that the browser has kept, in their order. */
  list(): readonly UnsentMessage[] {
    let keys: readonly string[] = [];
    try {
      keys = Object.keys(localStorage);
    } catch {
      // The browser keeps nothing.
    }
    return keys
      .filter((key) => key.startsWith(this.#prefix))
      .flatMap((key) => parse(browserStorage.getItem(key)) ?? [])
      .toSorted((one, other) => one.at - other.at);
  }

  has(id: string): boolean {
    return browserStorage.getItem(this.#prefix + id) !== null;
  }

  put(message: UnsentMessage): void {
    browserStorage.setItem(this.#prefix + message.id, JSON.stringify(message));
  }

  remove(id: string): void {
    browserStorage.removeItem(this.#prefix + id);
  }

  /**
   * Tells of other tabs.
   *
   * @returns Stops telling.
   */
  watch(onPut: (message: UnsentMessage) => void, onRemove: (id: string) => void): () => void {
    const listen = ({ key, newValue }: StorageEvent): void => {
      if (key?.startsWith(this.#prefix) !== true) return;
      const message = parse(newValue);
      if (message === undefined) onRemove(key.slice(this.#prefix.length));
      else onPut(message);
    };
    addEventListener("storage", listen);
    return () => removeEventListener("storage", listen);
  }
}

function parse(value: string | null): UnsentMessage | undefined {
  if (value === null) return undefined;
  try {
    const message = JSON.parse(value) as Partial<UnsentMessage> | null;
    const { id, nickname, text, at, tab, caredAt } = message ?? {};
    const isOurs = [id, nickname, text, tab].every((part) => typeof part === "string") && Number.isFinite(at) && Number.isFinite(caredAt);
    return isOurs ? (message as UnsentMessage) : undefined;
  } catch {
    // The entry is not ours.
    return undefined;
  }
}
