import type { PeerBus, PeerListener } from "../../core/journal/peers.ts";
import { every } from "../../core/scheduler.ts";
import type { Connection } from "./connection.ts";
import { Link } from "./link.ts";

/** How often the connection that only listens is tried, in milliseconds. */
const PING_MS = 1000;
/** Most characters that are on their way to Redis; what is more is lost. */
const MOST_POSTED = 4 * 1024 * 1024;

/** Carries texts between the hubs of a journal over a channel of Redis. */
export class RedisBus implements PeerBus {
  readonly id: string = crypto.randomUUID();
  readonly #channel: string;
  readonly #connection: () => Connection | undefined;
  readonly #listeners = new Set<PeerListener>();
  #link: Link | undefined;
  #posted = 0;
  #lastPost: Promise<void> = Promise.resolve();

  /** @param connection - Over which to post. */
  private constructor(channel: string, connection: () => Connection | undefined) {
    this.#channel = channel;
    this.#connection = connection;
  }

  /** @throws Error where Redis cannot be reached. */
  static async open(dial: () => Promise<Connection>, channel: string, connection: () => Connection | undefined): Promise<RedisBus> {
    const bus = new RedisBus(channel, connection);
    bus.#link = await Link.open(dial, async (listening) => {
      await listening.subscribe(channel, (text) => bus.#hear(text));
      keepTrying(listening);
    });
    return bus;
  }

  readonly post = (text: string, to?: string): void => {
    const connection = this.#connection();
    if (connection === undefined || this.#posted + text.length > MOST_POSTED) return;
    this.#posted += text.length;
    const sent = (): void => void (this.#posted -= text.length);
    this.#lastPost = connection.send(["PUBLISH", this.#channel, `${this.id} ${to ?? "*"}\n${text}`]).then(sent, sent);
  };

  readonly listen = (listener: PeerListener): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Resolves when what was posted has reached Redis, or is lost. */
  async settled(): Promise<void> {
    await this.#lastPost;
  }

  close(): void {
    this.#listeners.clear();
    this.#link?.close();
  }

  #hear(text: string): void {
    const end = text.indexOf("\n");
    const [from = "", to] = text.slice(0, Math.max(0, end)).split(" ");
    if (from === "" || from === this.id || (to !== "*" && to !== this.id)) return;
    for (const { heard } of this.#listeners) heard(text.slice(end + 1), from);
  }
}

/** One that only listens would not find out that nobody is there. */
function keepTrying(connection: Connection): void {
  const stop = every(PING_MS, () => {
    connection.send(["PING"]).catch((error: unknown) => connection.fail(error as Error));
  });
  void connection.lost.then(stop);
}
