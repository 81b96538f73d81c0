import { after, monotonicMs } from "../../core/scheduler.ts";
import type { Connection } from "./connection.ts";

/**
 * Pauses between two attempts to connect, in milliseconds. They get longer until a connection has
 * worked for that long.
 */
const LEAST_PAUSE_MS = 50;
const MOST_PAUSE_MS = 2000;
const OF_USE_MS = 5000;

/** A connection that always reconnects when it breaks. */
export class ReconnectingConnection {
  readonly #dial: () => Promise<Connection>;
  readonly #greet: (connection: Connection) => Promise<void>;
  readonly #waiting = new Set<(connection: Connection | undefined) => void>();
  #connection: Connection | undefined;
  #awaySinceMs = monotonicMs();
  #failure: Error | undefined;
  #isClosed = false;
  #pauseMs = LEAST_PAUSE_MS;
  #stopPause: () => void = () => undefined;

  /** @param greet - Prepares each connection before its use. */
  private constructor(dial: () => Promise<Connection>, greet: (connection: Connection) => Promise<void>) {
    this.#dial = dial;
    this.#greet = greet;
  }

  /** @throws Error if the first attempt fails. */
  static async open(
    dial: () => Promise<Connection>,
    greet: (connection: Connection) => Promise<void> = async () => undefined,
  ): Promise<ReconnectingConnection> {
    const reconnecting = new ReconnectingConnection(dial, greet);
    const connection = await reconnecting.#connect();
    void reconnecting.#keep(connection);
    return reconnecting;
  }

  /** Undefined while there is none. */
  get connection(): Connection | undefined {
    return this.#connection?.isLost === true ? undefined : this.#connection;
  }

  /** Why there is no connection, as far as is known. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Time without a connection, or 0 while there is a connection. */
  get awayMs(): number {
    return this.#connection === undefined ? monotonicMs() - this.#awaySinceMs : 0;
  }

  /**
   * @returns The connection, or undefined if there is none within `waitMs`, or after {@link close}.
   */
  ready(waitMs: number): Promise<Connection | undefined> {
    const { connection } = this;
    if (connection !== undefined || this.#isClosed || waitMs <= 0) return Promise.resolve(connection);
    return new Promise((resolve) => {
      const settle = (connection: Connection | undefined): void => {
        stopTimer();
        this.#waiting.delete(settle);
        resolve(connection);
      };
      const stopTimer = waitMs === Infinity ? () => undefined : after(waitMs, () => settle(undefined));
      this.#waiting.add(settle);
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopPause();
    this.#connection?.fail(new Error("The journal is closed."));
    this.#connection = undefined;
    for (const settle of this.#waiting) settle(undefined);
  }

  async #connect(): Promise<Connection> {
    const connection = await this.#dial();
    try {
      await this.#greet(connection);
      return connection;
    } catch (error) {
      connection.fail(error as Error);
      throw error;
    }
  }

  async #keep(first: Connection): Promise<void> {
    for (let connection: Connection | undefined = first; connection !== undefined; connection = await this.#redial()) {
      this.#connection = connection;
      for (const settle of this.#waiting) settle(connection);
      const startMs = monotonicMs();
      this.#failure = await connection.lost;
      if (monotonicMs() - startMs > OF_USE_MS) this.#pauseMs = LEAST_PAUSE_MS;
      this.#connection = undefined;
      this.#awaySinceMs = monotonicMs();
    }
  }

  /** @returns Undefined once closed. */
  async #redial(): Promise<Connection | undefined> {
    // At random, so that not all hubs of a fleet come at once.
    while (!this.#isClosed) {
      const mostMs = this.#pauseMs;
      this.#pauseMs = Math.min(MOST_PAUSE_MS, mostMs * 2);
      await new Promise<void>((resolve) => {
        const stop = after(mostMs * (0.5 + Math.random() / 2), resolve);
        this.#stopPause = () => {
          stop();
          resolve();
        };
      });
      if (this.#isClosed) return undefined;
      try {
        const connection = await this.#connect();
        if (!this.#isClosed) return connection;
        connection.fail(new Error("The journal is closed."));
      } catch (error) {
        this.#failure = error as Error;
      }
    }
    return undefined;
  }
}
