import type { PeerBus, PeerListener } from "../../core/journal/peers.ts";
import { every } from "../../core/scheduler.ts";
import type { Connection } from "./connection.ts";
import { ReconnectingConnection } from "./reconnecting-connection.ts";

/** Time between two pings of the connection that only listens, in milliseconds. */
const PING_MS = 1000;
/** Most characters on their way to Redis. Further texts are lost. */
const MOST_POSTED = 4 * 1024 * 1024;

/** Carries texts between the hubs of a journal over a channel of Redis. */
export class RedisBus implements PeerBus {
  readonly id: string = crypto.randomUUID();
  readonly #channel: string;
  readonly #connection: () => Connection | undefined;
  readonly #listeners = new Set<PeerListener>();
  #listening: ReconnectingConnection | undefined;
  #posted = 0;
  #lastPost: Promise<void> = Promise.resolve();

  /** @param connection - The connection for posts. */
  private constructor(channel: string, connection: () => Connection | undefined) {
    this.#channel = channel;
    this.#connection = connection;
  }

  /** @throws Error if Redis cannot be reached. */
  static async open(dial: () => Promise<Connection>, channel: string, connection: () => Connection | undefined): Promise<RedisBus> {
    const bus = new RedisBus(channel, connection);
    bus.#listening = await ReconnectingConnection.open(dial, async (listening) => {
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

  /** Resolves when all posted texts have reached Redis, or are lost. */
  async settled(): Promise<void> {
    await this.#lastPost;
  }

  close(): void {
    this.#listeners.clear();
    this.#listening?.close();
  }

  #hear(text: string): void {
    const end = text.indexOf("\n");
    const [from = "", to] = text.slice(0, Math.max(0, end)).split(" ");
    if (from === "" || from === this.id || (to !== "*" && to !== this.id)) return;
    for (const { heard } of this.#listeners) heard(text.slice(end + 1), from);
  }
}

/** Pings a connection that only listens, which would not notice a dead peer otherwise. */
function keepTrying(connection: Connection): void {
  const stop = every(PING_MS, () => {
    connection.send(["PING"]).catch((error: unknown) => connection.fail(error as Error));
  });
  void connection.lost.then(stop);
}
