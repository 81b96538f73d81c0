import { HubError } from "../../core/errors.ts";
import type { IdempotentAppend, JournalIdempotency, KnownAppend, ReusedKey } from "../../core/journal/idempotency.ts";
import type { Journal, JournalPage, JournalRecord, ReadLimits, Retention } from "../../core/journal/journal.ts";
import { MAX_ID_BYTES } from "../../core/limits.ts";
import { PeerExchange } from "../../core/journal/peer-exchange.ts";
import type { JournalState } from "../../core/journal/state.ts";
import { type Update, utf8Length } from "../../core/update/update.ts";
import { AwayWatch } from "../shared/away-watch.ts";
import { digestOf } from "../shared/digest.ts";
import { namesOf } from "../../core/names.ts";
import { type AppendSize, GroupCommit } from "../shared/group-commit.ts";
import { checkJournalOptions } from "../shared/options.ts";
import { DURABLE_RETENTION } from "../shared/retention.ts";
import { openPartitions } from "../partitioned/index.ts";
import { checkPartitions } from "../partitioned/partition-of.ts";
import { ReplyError, type RedisTls } from "./connection.ts";
import { Engine, type EngineOptions } from "./engine.ts";
import { readFailure, unavailable, writeFailure } from "./failure.ts";
import { type Committed, countWithin, readRows, type RedisAppend, type Row } from "./stream.ts";
import { parseRedisUrl } from "./url.ts";

export type { RedisTls } from "./connection.ts";
export { withoutCredentials } from "./url.ts";

/** Options of a journal on Redis. */
export interface RedisJournalOptions {
  /**
   * URL of Redis:
   *
   * - `redis://USER:PASSWORD@HOST:PORT/DATABASE`: one server
   * - `redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/MASTER/DATABASE`: the master of this
   *   name, according to the sentinels. `sentinelUsername` and `sentinelPassword` may be in the
   *   query if the sentinels require them
   * - `redis+cluster://USER:PASSWORD@HOST:PORT,HOST:PORT`: the node of a cluster that has the
   *   journal's slot. Name some of the nodes
   *
   * `rediss` in place of `redis` uses TLS. `name`, `partitions`, `wait` (for `waitReplicas`) and
   * `waitMs` may be in the query. Options beside the URL take precedence.
   */
  readonly url: string;
  /**
   * Keeps journals on one Redis apart, at most 64 letters, digits, `_` and `-`. Hubs with the same
   * name share a journal. Default: `artesian`.
   */
  readonly name?: string | undefined;
  /**
   * Use the same retention for all hubs, because any hub that appends also trims. Default:
   * 1,000,000 records, 1 GiB of them, 7 days.
   */
  readonly retention?: Retention | undefined;
  /**
   * Number of streams for the topics, 1 to 16, the same in all hubs. On a cluster, each may be on
   * another node. An update goes to the stream of its first topic. Another number is another
   * journal, which begins empty. Default: 1.
   */
  readonly partitions?: number | undefined;
  /**
   * Number of replicas that must have an update before it is acknowledged, 0 to 100. With fewer,
   * the append fails with `outcome_unknown`. Default: 0.
   */
  readonly waitReplicas?: number | undefined;
  /** Longest wait for the replicas, in milliseconds, 1 to 60,000. Default: 1,000. */
  readonly waitReplicasMs?: number | undefined;
  /** TLS settings for `rediss`. */
  readonly tls?: RedisTls | undefined;
  /**
   * Called with a description if something in the stream is not as a hub wrote it. The record is
   * delivered to nobody. Default: a warning of the process.
   */
  readonly onDamage?: ((what: string) => void) | undefined;
  /**
   * Called at the start with a correction, in words, if Redis is set up to lose everything at a
   * restart. Default: a warning of the process.
   */
  readonly onWarning?: ((what: string) => void) | undefined;
}

const OPTIONS: ReadonlySet<string> = namesOf<RedisJournalOptions>({
  url: true,
  name: true,
  retention: true,
  partitions: true,
  waitReplicas: true,
  waitReplicasMs: true,
  tls: true,
  onDamage: true,
  onWarning: true,
});
/** Most that share a commit. Redis does nothing else meanwhile. */
const GROUP: AppendSize = { count: 1000, bytes: 4 * 1024 * 1024 };
/** Most that wait for a commit. */
const WAITING: AppendSize = { count: 100_000, bytes: 64 * 1024 * 1024 };
/** Largest difference between the clocks of hubs and Redis, in milliseconds. */
const SKEW_MS = 5000;
/** Stored form of an idempotency key. */
const KNOWN = /^([\w-]{43}) (\d+) (\d+)(?: ([^]*))?$/;

/**
 * A journal on Redis 6.2 or newer, or Valkey, for several machines. Each hub with the same URL and
 * name appends to one stream and follows it.
 *
 * An append is acknowledged after Redis has answered. Redis's settings decide which failures the
 * append survives: with `appendfsync always` the loss of the server's power, with `waitReplicas`
 * the loss of the server. If Redis loses a record that a hub has seen, the journal gets a new
 * epoch.
 *
 * @throws TypeError for options that mean nothing.
 * @throws Error if Redis cannot be reached, refuses the credentials, is too old, or holds a journal
 *   of a newer format. No message has a password.
 */
export async function redisJournal(options: RedisJournalOptions): Promise<Journal> {
  checkJournalOptions("redisJournal()", options, OPTIONS);
  const target = parseRedisUrl(options.url);
  const name = options.name ?? target.name ?? "artesian";
  if (!/^[\w-]{1,64}$/.test(name)) throw new TypeError("The name of the journal is not 1 to 64 letters, digits, _ and -.");
  const waitReplicas = inRange("waitReplicas", options.waitReplicas ?? target.waitReplicas ?? 0, 0, 100);
  const waitReplicasMs = inRange("waitReplicasMs", options.waitReplicasMs ?? target.waitReplicasMs ?? 1000, 1, 60_000);
  const warn = (what: string): void => process.emitWarning(what);
  const { retention = DURABLE_RETENTION, tls, onDamage = warn, onWarning = warn } = options;
  // Partitions may be on the same server.
  const told = new Set<string>();
  const onNewWarning = (what: string): void => {
    if (!told.has(what)) onWarning(what);
    told.add(what);
  };
  const partitions = checkPartitions(options.partitions ?? target.partitions ?? 1);
  return openPartitions(
    partitions,
    { target, name, retention, waitReplicas, waitReplicasMs, tls, onDamage, onWarning: onNewWarning },
    (one) => RedisJournal.open(one),
  );
}

class RedisJournal implements Journal {
  readonly clockToleranceMs: number = SKEW_MS;
  readonly state: JournalState = {
    commit: async (steps) => void (await this.#groups.append({ batch: [], steps, key: undefined })),
    entries: async (prefix, { after, limit }) =>
      this.#patient((connection) => this.#engine.stream.entries(connection, prefix, after, limit)),
  };
  readonly idempotency: JournalIdempotency = {
    append: async ({ key, request, batch, steps = [], answer }) => {
      const committed = await this.#groups.append({ batch, steps, key: { digest: digestOf(key), request: digestOf(request), answer } });
      return committed.kind === "appended" ? committed : knownOf(committed.text, request);
    },
    find: (attempt) => this.#findKey(attempt),
  };
  readonly peers: PeerExchange;
  readonly #engine: Engine;
  readonly #groups: GroupCommit<RedisAppend, Committed>;
  readonly #waitsForReplicas: boolean;
  readonly #away: AwayWatch = new AwayWatch(() => this.#whyAway());
  #closing: Promise<void> | undefined;

  private constructor(engine: Engine, waitReplicas: number) {
    this.#engine = engine;
    this.#waitsForReplicas = waitReplicas > 0;
    this.#groups = new GroupCommit({
      refusal: () => this.#whyAway(),
      bounds: { group: () => GROUP, waiting: WAITING, overflow: () => unavailable("Too many updates wait for the journal's Redis.") },
      commit: async (take) => {
        try {
          return await engine.commit(take());
        } catch (error) {
          // The appends behind have waited as long, and would wait as long again.
          if (!(error instanceof ReplyError)) this.#groups.rejectWaiting(unavailable("The journal's Redis takes no updates.", error));
          throw writeFailure(error);
        }
      },
    });
    this.peers = new PeerExchange(engine.bus);
  }

  static async open(options: EngineOptions): Promise<RedisJournal> {
    let journal: RedisJournal | undefined;
    const read = async (after: number, limits: ReadLimits): Promise<JournalPage> =>
      journal === undefined ? { kind: "records", records: [] } : journal.read(after, limits);
    journal = new RedisJournal(await Engine.open(options, read), options.waitReplicas);
    return journal;
  }

  get epoch(): string {
    return this.#engine.view.figures.epoch;
  }

  get restoredUpTo(): number {
    return this.#engine.view.restoredUpTo;
  }

  async beginEpoch(): Promise<void> {
    try {
      await this.#engine.beginEpoch();
    } catch (error) {
      throw error instanceof HubError ? error : writeFailure(error);
    }
  }

  async append(batch: readonly Update[]): Promise<readonly number[]> {
    const committed = await this.#groups.append({ batch, steps: [], key: undefined });
    return committed.kind === "appended" ? committed.offsets : [];
  }

  async read(after: number, limits: ReadLimits): Promise<JournalPage> {
    return this.#patient(async (connection) => {
      const { stream, view } = this.#engine;
      const records: JournalRecord[] = [];
      let room = limits.maxBytes;
      for (let from = after; ;) {
        const { figures, rows } = await stream.read(connection, from, { maxRecords: limits.maxRecords - records.length, maxBytes: room });
        if (figures.epoch !== view.figures.epoch) await this.#engine.check(connection);
        else view.note(figures);
        if (records.length === 0 && from < figures.head - 1) return { kind: "trimmed", head: figures.head };
        const { entries } = readRows(rows, from);
        // Up to the missing record. A reader that asks for more is told of a gap.
        const sound = entries.findIndex(({ record }, i) => record.offset !== from + 1 + i);
        const run = sound < 0 ? entries : entries.slice(0, sound);
        // No more records, and not at the tail. An empty page would mean the tail.
        const next = entries[0]?.record.offset ?? offsetAfter(rows) ?? figures.tail + 1;
        if (run.length === 0 && records.length === 0 && from < figures.tail) return { kind: "trimmed", head: next };
        const { count, bytes } = countWithin(run, { maxRecords: limits.maxRecords - records.length, maxBytes: room });
        for (const { record } of run.slice(0, count)) records.push(record);
        room -= bytes;
        if (run.length < entries.length || count === 0 || records.length >= limits.maxRecords || room <= 0)
          return { kind: "records", records };
        from += count;
      }
    });
  }

  follow(after: number, onAppended: (records: readonly JournalRecord[]) => void): () => void {
    const { view } = this.#engine;
    return view.followers.follow(after, view.seen, onAppended);
  }

  async find(id: string): Promise<readonly number[]> {
    if (id === "" || utf8Length(id) > MAX_ID_BYTES || this.#closing !== undefined) return [];
    return this.#patient(async (connection) => {
      const offsets = await this.#engine.stream.find(connection, id);
      return offsets.filter((offset) => offset >= this.head());
    });
  }

  tail(): number {
    return this.#engine.view.figures.tail;
  }

  head(): number {
    return this.#engine.view.figures.head;
  }

  bytes(): number {
    return this.#engine.view.figures.bytes;
  }

  watchReplaced(onReplaced: () => void): () => void {
    return this.#engine.view.watchReplaced(onReplaced);
  }

  watchAway(onChange: (failure: HubError | undefined) => void): () => void {
    return this.#away.add(onChange);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await this.#groups.close();
    this.peers.close();
    // The others hear that they need not wait for this process any more.
    await this.#engine.bus.settled();
    this.#engine.close();
  }

  #whyAway(): HubError | undefined {
    return this.#engine.isAway ? unavailable("The journal's Redis cannot be reached.", this.#engine.failure) : undefined;
  }

  #patient<T>(run: (connection: Parameters<Parameters<Engine["patient"]>[0]>[0]) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(new HubError("journal_unavailable", "The journal is closed."));
    return this.#engine.patient(run);
  }

  async #findKey({ key, request }: Pick<IdempotentAppend, "key" | "request">): Promise<KnownAppend | ReusedKey | undefined> {
    if (this.#closing !== undefined) throw new HubError("journal_unavailable", "The journal is closed.");
    const connection = await this.#engine.writable();
    try {
      const text = await this.#engine.stream.findKey(connection, digestOf(key), this.#waitsForReplicas);
      if (text === undefined) return undefined;
      await this.#engine.waitForReplicas(connection);
      return knownOf(text, request);
    } catch (error) {
      throw readFailure(error);
    }
  }
}

/** @throws HubError if the stored key cannot be read. */
function knownOf(text: string, request: string): KnownAppend | ReusedKey {
  const [, first, from, to, answer] = KNOWN.exec(text) ?? [];
  if (first === undefined) throw unavailable("The journal's entry for the idempotency key cannot be read.");
  if (first !== digestOf(request)) return { kind: "reused" };
  const start = Number(from);
  return { kind: "repeated", offsets: Array.from({ length: Number(to) + 1 - start }, (_, i) => start + i), answer };
}

/** The offset after rows of which none can be read. */
function offsetAfter(rows: readonly Row[]): number | undefined {
  const last = rows.at(-1)?.[0];
  return last === undefined ? undefined : Number.parseInt(last, 10) + 1;
}

function inRange(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new TypeError(`${name} is not a whole number from ${least} to ${most}.`);
}
