import type * as Library from "@redis/client";
import { monotonicMs, after } from "../../core/scheduler.ts";
import { type Address, formatAddress } from "./url.ts";

/**
 * Longest time for Redis to answer a command, or to accept a connection, in milliseconds. A slower
 * Redis counts as away.
 */
export const ANSWER_MS = 2000;
/** The older protocol, which all servers speak. So a server that is too old can say so. */
const PROTOCOL = 2;
/** Errors of a server that is not, or not yet, the right server for commands. */
const ELSEWHERE: ReadonlySet<string> = new Set(["MOVED", "READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "UNBLOCKED", "NOAUTH"]);

/** Redis answered with an error, and did not run the command. */
export class ReplyError extends Error {
  override readonly name = "ReplyError";
  /** First word of the error, as NOSCRIPT. */
  readonly code: string;

  constructor(message: string) {
    super(message);
    this.code = /^[A-Z]+/.exec(message)?.[0] ?? "";
  }
}

/**
 * The connection broke, or there was no answer in time. Whether the command was run is not known.
 */
export class LostError extends Error {
  override readonly name = "LostError";
}

/** Credentials and TLS settings of a connection. */
export interface Access {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database?: number | undefined;
  /** Shown by `CLIENT LIST`. */
  readonly clientName?: string | undefined;
  /** Undefined for a connection without TLS. */
  readonly tls: RedisTls | undefined;
}

/** TLS settings. All others are Node's defaults. */
export interface RedisTls {
  /**
   * Certificates of the authorities to trust, as PEM. Default: Node's own, and those of
   * `NODE_EXTRA_CA_CERTS`.
   */
  readonly ca?: string | Buffer | undefined;
  /** This hub's certificate and key, as PEM, if Redis requires them. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** Required name in Redis's certificate. Default: the host. */
  readonly servername?: string | undefined;
}

/**
 * One connection to one server. Never reconnects by itself, and runs no command twice, so that
 * callers know the outcome of each command.
 */
export class Connection {
  readonly address: Address;
  /** Resolves with the reason, once the connection is of no use any more. */
  readonly lost: Promise<Error>;
  readonly #client: Client;
  readonly #isReply: (error: unknown) => error is Error;
  readonly #lose: (reason: Error) => void;
  #reason: Error | undefined;

  private constructor(address: Address, client: Client, isReply: (error: unknown) => error is Error) {
    this.address = address;
    this.#client = client;
    this.#isReply = isReply;
    let lose: (reason: Error) => void = () => undefined;
    this.lost = new Promise((resolve) => (lose = resolve));
    this.#lose = lose;
    client.on("error", (error: Error) => this.fail(error));
    client.on("end", () => this.fail(new Error("The connection was closed.")));
  }

  /** @throws Error if there is no connection within {@link ANSWER_MS}. */
  static async open(address: Address, access: Access): Promise<Connection> {
    const { create, ErrorReply } = await maker();
    const { host, port } = address;
    const { username, password, database, clientName, tls } = access;
    const options = {
      RESP: PROTOCOL,
      disableOfflineQueue: true,
      disableClientInfo: true,
      // The library's own timeout covers only commands that were not sent yet.
      commandOptions: { timeout: 0 },
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(database !== undefined && { database }),
      ...(clientName !== undefined && { name: clientName }),
      socket: {
        host,
        port,
        connectTimeout: ANSWER_MS,
        reconnectStrategy: false,
        ...(tls !== undefined && { ...defined(tls), tls: true as const }),
      },
    } as const;
    const client = create(options);
    const connection = new Connection(address, client, (error): error is Error => error instanceof ErrorReply);
    const startMs = monotonicMs();
    const stopTimer = after(ANSWER_MS, () => connection.fail(new LostError(`It does not answer within ${ANSWER_MS} ms.`)));
    try {
      await Promise.race([client.connect(), connection.lost.then((reason) => Promise.reject(reason))]);
      if (connection.#reason !== undefined) throw connection.#reason;
      return connection;
    } catch (error) {
      connection.fail(error as Error);
      const reason = connection.#isReply(error) ? new ReplyError(error.message) : error;
      throw monotonicMs() - startMs >= ANSWER_MS ? new LostError(`It does not answer within ${ANSWER_MS} ms.`, { cause: reason }) : reason;
    } finally {
      stopTimer();
    }
  }

  /**
   * @param timeoutMs - Longest wait for the answer. Without an answer in time the connection is
   *   given up.
   * @throws ReplyError or LostError.
   */
  async send(command: readonly string[], timeoutMs: number = ANSWER_MS): Promise<unknown> {
    if (this.#reason !== undefined) throw new LostError("The connection is gone.", { cause: this.#reason });
    const stopTimer = after(timeoutMs, () =>
      this.fail(new LostError(`${formatAddress(this.address)} did not answer within ${timeoutMs} ms.`)),
    );
    try {
      return await this.#client.sendCommand([...command]);
    } catch (error) {
      if (!this.#isReply(error)) throw new LostError("The connection was lost.", { cause: this.#reason ?? error });
      const reply = new ReplyError(error.message);
      if (ELSEWHERE.has(reply.code)) this.fail(reply);
      throw reply;
    } finally {
      stopTimer();
    }
  }

  async subscribe(channel: string, onText: (text: string) => void): Promise<void> {
    const stopTimer = after(ANSWER_MS, () =>
      this.fail(new LostError(`${formatAddress(this.address)} did not answer within ${ANSWER_MS} ms.`)),
    );
    try {
      await Promise.race([this.#client.subscribe(channel, onText), this.lost.then((reason) => Promise.reject(reason))]);
    } catch (error) {
      throw this.#isReply(error) ? new ReplyError(error.message) : error;
    } finally {
      stopTimer();
    }
  }

  get isLost(): boolean {
    return this.#reason !== undefined;
  }

  /** Gives the connection up. Commands that wait for an answer are lost. */
  fail(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#lose(reason);
    this.#client.destroy();
  }
}

/** The used part of the library's client. */
interface Client {
  on(event: string, listener: (error: Error) => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(command: string[]): Promise<unknown>;
  subscribe(channel: string, listener: (text: string) => void): Promise<void>;
  destroy(): void;
}

interface Maker {
  readonly create: (options: object) => Client;
  readonly ErrorReply: typeof Library.ErrorReply;
}

let made: Maker | undefined;

/**
 * Makes clients. `createClient` takes 30 ms of the processor if its options differ from those of
 * the last call, because it makes a class for them.
 */
async function maker(): Promise<Maker> {
  if (made === undefined) {
    const { RedisClient, ErrorReply } = await library();
    made = { create: RedisClient.factory({ RESP: PROTOCOL }), ErrorReply };
  }
  return made;
}

/** Loaded on first use only. */
async function library(): Promise<typeof Library> {
  try {
    return await import("@redis/client");
  } catch (cause) {
    throw new Error("The journal on Redis needs the package @redis/client: npm install @redis/client", { cause });
  }
}

/**
 * The given settings only. Node treats a property with the value undefined differently from an
 * absent property.
 */
function defined(tls: RedisTls): object {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}
