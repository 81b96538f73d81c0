import type { ConsumerInfo, JetStreamManager, StreamConfig, StreamInfo } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { HubError } from "../../core/errors.ts";
import { createEpoch } from "../../core/journal/cursor.ts";
import { FORMAT } from "./codec.ts";
import type { Library } from "./connection.ts";
import type { Settings } from "./settings.ts";

/** The messages that the stream holds. */
export interface StreamRange {
  /**
   * Random, of this stream. A stream that replaces it has another value, so that no message for the
   * first gets into the second.
   */
  readonly incarnation: string;
  readonly first: number;
  readonly last: number;
}

/**
 * Outcome of a sent message. With `unknown` the message may be in the stream, or may still arrive.
 */
export type Sent =
  | { readonly kind: "stored"; readonly seq: number }
  /** Another message was there first. @param last - The newest of the stream. */
  | { readonly kind: "lost"; readonly last: number }
  | { readonly kind: "full" | "refused" | "nobody" | "unknown"; readonly cause: unknown };

/** The server's codes. */
const STREAM_NOT_FOUND = 10059;
const STREAM_NAME_IN_USE = 10058;
const WRONG_LAST_SEQUENCE = 10071;
const NO_MESSAGE = 10037;
/** Codes for used-up storage: of the server, the account, or the disk. */
const FULL: ReadonlySet<number> = new Set([10002, 10023, 10028, 10047, 10077]);
const API_MS = 2000;

/** The stream of a journal on the server. */
export class JournalStream {
  readonly connection: NatsConnection;
  readonly #library: Library;
  readonly #settings: Settings;
  readonly #manager: JetStreamManager;
  readonly name: string;

  private constructor(library: Library, connection: NatsConnection, manager: JetStreamManager, settings: Settings) {
    this.#library = library;
    this.connection = connection;
    this.#manager = manager;
    this.#settings = settings;
    this.name = `${settings.name}-log`;
  }

  static async of(library: Library, connection: NatsConnection, settings: Settings): Promise<JournalStream> {
    const manager = await library.jetstream.jetstreamManager(connection, { checkAPI: false, timeout: API_MS });
    return new JournalStream(library, connection, manager, settings);
  }

  /** Most bytes of a message. */
  get maxBytes(): number {
    // The server counts the headers too.
    return (this.connection.info?.max_payload ?? 1024 * 1024) - 1024;
  }

  /** Finds the stream's state, and begins a stream if there is none. */
  async place(): Promise<StreamRange> {
    const info = await this.#infoOrNew();
    const { num_replicas } = info.config;
    const { replicas } = this.#settings;
    if (replicas !== undefined && replicas !== num_replicas) await this.#manager.streams.update(this.name, { num_replicas: replicas });
    const { first_seq, last_seq } = info.state;
    return { incarnation: incarnationOf(info.config, this.#settings.name), first: first_seq, last: last_seq };
  }

  /** Reads the stream's state now. @returns Undefined if the stream is gone. */
  async look(): Promise<StreamRange | undefined> {
    const info = await this.#info();
    if (info === undefined) return undefined;
    return { incarnation: incarnationOf(info.config, this.#settings.name), first: info.state.first_seq, last: info.state.last_seq };
  }

  async #info(): Promise<StreamInfo | undefined> {
    try {
      return await this.#manager.streams.info(this.name);
    } catch (error) {
      if (codeOf(error) === STREAM_NOT_FOUND) return undefined;
      throw error;
    }
  }

  async #infoOrNew(): Promise<StreamInfo> {
    const known = await this.#info();
    if (known !== undefined) return known;
    const { RetentionPolicy, StorageType, DiscardPolicy } = this.#library.jetstream;
    try {
      return await this.#manager.streams.add({
        name: this.name,
        description: "A journal of Artesian",
        subjects: [`${this.#settings.name}.log.${FORMAT}.${createEpoch()}`],
        retention: RetentionPolicy.Limits,
        storage: StorageType.File,
        discard: DiscardPolicy.New,
        num_replicas: this.#settings.replicas ?? 1,
        allow_direct: true,
      });
    } catch (error) {
      // Another hub was first.
      const theirs = codeOf(error) === STREAM_NAME_IN_USE ? await this.#info() : undefined;
      if (theirs === undefined) throw error;
      return theirs;
    }
  }

  subject(incarnation: string): string {
    return `${this.#settings.name}.log.${FORMAT}.${incarnation}`;
  }

  /** Sends a message that is stored only directly after another message. */
  async send(subject: string, bytes: Uint8Array, expected: number, timeoutMs: number): Promise<Sent> {
    const headers = this.#library.transport.headers();
    headers.set("Nats-Expected-Last-Sequence", String(expected));
    try {
      const { data } = await this.connection.request(subject, bytes, { timeout: timeoutMs, headers });
      return sentOf(JSON.parse(Buffer.from(data).toString()), data);
    } catch (cause) {
      const { NoRespondersError, RequestError } = this.#library.transport;
      const isNobody = cause instanceof NoRespondersError || (cause instanceof RequestError && cause.isNoResponders());
      return { kind: isNobody ? "nobody" : "unknown", cause };
    }
  }

  /** The bytes of a message, from any server. @returns Undefined if there is none. */
  async get(seq: number): Promise<Uint8Array | undefined> {
    const direct = await this.#manager.direct.getMessage(this.name, { seq }).catch(() => null);
    return direct?.data ?? (await this.getFromLeader(seq));
  }

  /** The bytes of a message, from the leader. */
  async getFromLeader(seq: number): Promise<Uint8Array | undefined> {
    try {
      return (await this.#manager.streams.getMessage(this.name, { seq }))?.data;
    } catch (error) {
      if (codeOf(error) === NO_MESSAGE) return undefined;
      throw error;
    }
  }

  /** Tells whether the stream has a message from a sequence on, according to the leader. */
  async hasFrom(seq: number, { incarnation, last }: StreamRange): Promise<boolean> {
    const query: { readonly seq: number; readonly next_by_subj: string } = { seq, next_by_subj: this.subject(incarnation) };
    const next = await this.#manager.streams.getMessage(this.name, query).catch((error: unknown) => {
      if (codeOf(error) === NO_MESSAGE) return null;
      throw error;
    });
    return next !== null && next.seq <= last;
  }

  /** Makes the server send all messages from a sequence on to a subject. */
  follow(from: number, subject: string): Promise<ConsumerInfo> {
    const { AckPolicy, DeliverPolicy, ReplayPolicy } = this.#library.jetstream;
    return this.#manager.consumers.add(this.name, {
      deliver_subject: subject,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      flow_control: true,
      idle_heartbeat: 1e9,
      mem_storage: true,
      num_replicas: 1,
    });
  }

  async unfollow(consumer: string): Promise<void> {
    // After a failure, the consumer ends by itself in some seconds.
    await this.#manager.consumers.delete(this.name, consumer).catch(() => undefined);
  }

  async removeBefore(seq: number): Promise<void> {
    // Without a filter. If a filter selects no remaining message, a server 2.9 makes followers skip
    // messages that they have not got yet.
    await this.#manager.streams.purge(this.name, { seq });
  }
}

function incarnationOf({ subjects }: StreamConfig, name: string): string {
  const [subject = ""] = subjects;
  const parts = new RegExp(`^${name}\\.log\\.(\\d+)\\.([0-9A-Za-z]{8})$`).exec(subject);
  if (parts === null) {
    throw new HubError("journal_unavailable", `The stream ${name}-log is not a journal of Artesian. Give the journal another name.`);
  }
  if (Number(parts[1]) !== FORMAT) {
    throw new HubError(
      "journal_unavailable",
      `The journal ${name} has format ${parts[1]}, and this version of Artesian knows ${FORMAT}. Use the version that wrote it, or give the journal another name.`,
    );
  }
  return parts[2] as string;
}

function sentOf(answer: unknown, cause: unknown): Sent {
  const { seq, error } = answer as {
    readonly seq?: unknown;
    readonly error?: { readonly err_code?: number; readonly description?: string };
  };
  if (error === undefined) return typeof seq === "number" ? { kind: "stored", seq } : { kind: "unknown", cause };
  const last = /wrong last sequence: (\d+)/.exec(error.description ?? "")?.[1];
  if (error.err_code === WRONG_LAST_SEQUENCE && last !== undefined) return { kind: "lost", last: Number(last) };
  return { kind: FULL.has(error.err_code ?? 0) ? "full" : "refused", cause: error };
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : undefined;
}
