import type { NatsConnection } from "@nats-io/transport-node";
import { HubError } from "../../core/errors.ts";
import type { AppendOutcome, IdempotentAppend, JournalIdempotency, KnownAppend, ReusedKey } from "../../core/journal/idempotency.ts";
import type { Journal, JournalPage, JournalRecord, ReadLimits } from "../../core/journal/journal.ts";
import { MAX_ID_BYTES } from "../../core/limits.ts";
import { PeerExchange } from "../../core/journal/peer-exchange.ts";
import type { JournalState, StateEntry } from "../../core/journal/state.ts";
import { type Update, utf8Length } from "../../core/update/update.ts";
import { AwayWatch, patienceEndMs } from "../shared/away-watch.ts";
import { digestOf } from "../shared/digest.ts";
import { openPartitions } from "../partitioned/index.ts";
import { Followers } from "../shared/followers.ts";
import { RetentionRule, trimWhileIdle } from "../shared/retention.ts";
import { natsBus } from "./bus.ts";
import { connectTo, loadLibrary } from "./connection.ts";
import { recordsOf } from "./log.ts";
import { LogWriter } from "./log-writer.ts";
import { toHubError } from "./failure.ts";
import { Reader } from "./reader.ts";
import { Replica } from "./replica.ts";
import { type NatsJournalOptions, type Settings, settingsOf } from "./settings.ts";
import { JournalStream } from "./stream.ts";
import { Trimmer } from "./trimmer.ts";

export { type NatsJournalOptions, withoutCredentials } from "./settings.ts";

/** Largest difference between the clocks of hubs, in milliseconds. */
const SKEW_MS = 5000;
/** Longest wait for the server of a key look-up, or of an append with a key, in milliseconds. */
const KEY_WAIT_MS = 2000;
/** Time without contact after which the server counts as away, in milliseconds. */
const AWAY_MS = 1000;
/** Longest wait for the server of a table read, in milliseconds. */
const TABLE_WAIT_MS = 10_000;

/**
 * A journal in NATS JetStream, for hubs on several machines. All commits are in one stream,
 * `NAME-log`, and each process follows the stream once.
 *
 * An append is acknowledged after the server, or with replicas most of them, has stored it. See
 * docs/decisions/nats-journal.md for the failures that it survives. With one server a power cut may
 * cost the last moments, unless the server is told to flush each message (`sync_interval: always`).
 * If data were lost, the epoch is new, so that subscribers are told.
 *
 * @throws TypeError if an option is not valid.
 * @throws HubError `journal_unavailable`, with advice, if there is no connection or the server
 *   cannot hold a journal.
 * @throws Error if the client's libraries are not installed.
 */
export async function natsJournal(options: NatsJournalOptions): Promise<Journal> {
  const settings = settingsOf(options);
  return openPartitions(settings.partitions, settings, openStream);
}

async function openStream(settings: Settings): Promise<Journal> {
  const library = await loadLibrary();
  let replica: Replica | undefined;
  const connection = await connectTo(library, settings, (isConnected) => replica?.connected(isConnected));
  try {
    const stream = await JournalStream.of(library, connection, settings);
    const journal = new NatsJournal(settings, connection, stream, library.transport.createInbox);
    ({ replica } = journal);
    await replica.open();
    journal.begin();
    // From now on, questions of others are received.
    await connection.flush();
    return journal;
  } catch (error) {
    await connection.close();
    throw toHubError(error, settings);
  }
}

class NatsJournal implements Journal {
  readonly clockToleranceMs: number = SKEW_MS;
  readonly state: JournalState = {
    commit: async (steps) => void (await this.#writer.append({ batch: [], steps, keyed: undefined })),
    entries: (prefix, options) => this.#list(prefix, options),
  };
  readonly idempotency: JournalIdempotency = {
    append: (attempt) => this.#appendOnce(attempt),
    find: (attempt) => this.#findKey(attempt),
  };
  readonly replica: Replica;
  readonly #settings: Settings;
  readonly #connection: NatsConnection;
  readonly #retention: RetentionRule;
  readonly #writer: LogWriter;
  readonly #reader: Reader;
  readonly #trimmer: Trimmer;
  readonly #followers: Followers;
  readonly #watchers = new Set<() => void>();
  readonly #away: AwayWatch = new AwayWatch(() => {
    return this.replica.awayMs < AWAY_MS ? undefined : unreachable();
  });
  #peers: PeerExchange | undefined;
  #stopTrimming: () => void = () => undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: Settings, connection: NatsConnection, stream: JournalStream, inbox: () => string) {
    this.#settings = settings;
    this.#retention = new RetentionRule(settings.retention);
    this.#connection = connection;
    this.replica = new Replica(stream, inbox, {
      taken: (message) => {
        // Followers begin again in a moment, after the tail of then.
        if (this.replica.isReplaced || message.head.sizes.length === 0) return;
        const records = recordsOf(message);
        if (records !== undefined) this.#followers.give(records);
        else settings.onDamage(`The records from ${message.head.first} on in the stream ${stream.name} cannot be read, and are left out.`);
      },
      replaced: () => {
        this.#followers.restart(this.replica.log.tail);
        for (const watcher of this.#watchers) watcher();
      },
      damaged: settings.onDamage,
      lost: (what) => {
        settings.onDamage(what);
        void this.#rewriteTable();
      },
    });
    this.#trimmer = new Trimmer(stream, this.replica);
    this.#writer = new LogWriter(stream, this.replica, this.#retention, () => this.#trimmer.wake());
    this.#reader = new Reader(stream, this.replica, settings.onDamage);
    this.#followers = new Followers((after, limits) => this.read(after, limits));
  }

  /** Starts after the stream is loaded. */
  begin(): void {
    // The exchange greets the others. Earlier, the greeting would be lost.
    this.#peers = new PeerExchange(natsBus(this.#connection, this.#settings.name, () => this.replica.isLive));
    this.#followers.restart(this.replica.log.tail);
    this.#stopTrimming = trimWhileIdle(this.#settings.retention, {
      head: () => this.head(),
      isOverfull: () => {
        const { isLive, log } = this.replica;
        return isLive && log.records.headAfter([], this.#retention, Date.now()) > log.head;
      },
      dropSome: () => this.append([]),
    });
  }

  get peers(): PeerExchange | undefined {
    return this.#peers;
  }

  get epoch(): string {
    return this.replica.log.epoch;
  }

  get restoredUpTo(): number {
    return this.replica.log.restoredUpTo;
  }

  async beginEpoch(): Promise<void> {
    this.#checkOpen();
    await this.replica.renew(patienceEndMs(this.replica, TABLE_WAIT_MS));
  }

  async append(batch: readonly Update[]): Promise<readonly number[]> {
    const outcome = await this.#writer.append({ batch, steps: [], keyed: undefined });
    return "offsets" in outcome ? outcome.offsets : [];
  }

  async read(after: number, limits: ReadLimits): Promise<JournalPage> {
    this.#checkOpen();
    return this.#reader.read(after, limits);
  }

  follow(after: number, onAppended: (records: readonly JournalRecord[]) => void): () => void {
    return this.#followers.follow(after, this.replica.log.tail, onAppended);
  }

  async find(id: string): Promise<readonly number[]> {
    // A peer may send any text as its cursor.
    if (id === "" || utf8Length(id) > MAX_ID_BYTES || this.#closing !== undefined) return [];
    return this.#reader.find(id);
  }

  tail(): number {
    return this.replica.log.tail;
  }

  head(): number {
    return this.replica.log.head;
  }

  bytes(): number {
    return this.replica.log.records.bytes;
  }

  watchReplaced(onReplaced: () => void): () => void {
    this.#watchers.add(onReplaced);
    return () => void this.#watchers.delete(onReplaced);
  }

  watchAway(onChange: (failure: HubError | undefined) => void): () => void {
    return this.#away.add(onChange);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stopTrimming();
    await this.#writer.close();
    this.#trimmer.close();
    this.#peers?.close();
    this.#followers.clear();
    const { isLive } = this.replica;
    await this.replica.close();
    // The last texts should be sent, but there may be nobody to take them.
    if (isLive) await Promise.race([this.#connection.flush().catch(() => undefined), this.replica.changed.wait(1000)]);
    await this.#connection.close();
  }

  async #appendOnce({ key, request, batch, steps = [], answer }: IdempotentAppend): Promise<AppendOutcome> {
    const [digest, requestDigest] = [digestOf(key), digestOf(request)];
    for (;;) {
      this.#checkOpen();
      const { log } = this.replica;
      const unknownUpTo = log.tail;
      const known = await this.#reader.findKey(log, digest, requestDigest, KEY_WAIT_MS);
      if (known !== undefined) return known;
      const keyed = { digest, request: requestDigest, answer, unknownIn: log, unknownUpTo };
      const outcome = await this.#writer.append({ batch, steps, keyed });
      if (outcome.kind !== "again") return outcome;
    }
  }

  async #findKey({ key, request }: Pick<IdempotentAppend, "key" | "request">): Promise<KnownAppend | ReusedKey | undefined> {
    this.#checkOpen();
    if (!(await this.replica.synced(patienceEndMs(this.replica, KEY_WAIT_MS)))) throw unreachable();
    return this.#reader.findKey(this.replica.log, digestOf(key), digestOf(request), KEY_WAIT_MS);
  }

  async #list(prefix: string, options: { readonly after?: string | undefined; readonly limit: number }): Promise<readonly StateEntry[]> {
    if (this.#closing !== undefined) return [];
    // Later pages of a list need not be newer than the first. Changes meanwhile may be included or
    // not.
    const isFirst = options.after === undefined;
    if (isFirst && !(await this.replica.synced(patienceEndMs(this.replica, TABLE_WAIT_MS)))) throw unreachable();
    return this.replica.log.table.list(prefix, options);
  }

  /** Writes the entries of the table that the server has lost again, for processes that load the stream. */
  async #rewriteTable(): Promise<void> {
    const { log } = this.replica;
    try {
      for (let before; log.isTableLost && log === this.replica.log && before !== (before = log.table.oldestSeq());) await this.append([]);
    } catch {
      // The next commit tries again.
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new HubError("journal_unavailable", "The journal is closed.");
  }
}

const unreachable = (): HubError =>
  new HubError("journal_unavailable", "The journal cannot be reached. Try again in a moment.", { retryAfterMs: 2000 });
