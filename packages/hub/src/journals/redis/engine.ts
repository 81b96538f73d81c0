import { HubError } from "../../core/errors.ts";
import type { JournalPage, ReadLimits, Retention } from "../../core/journal/journal.ts";
import { every, monotonicMs, sleep } from "../../core/scheduler.ts";
import { patienceEndMs } from "../shared/away-watch.ts";
import { RedisBus } from "./bus.ts";
import type { Entry } from "./codec.ts";
import { ANSWER_MS, type Connection, ReplyError, type RedisTls } from "./connection.ts";
import { Dialler } from "./dial.ts";
import { readFailure, unreadable, unavailable, unknownOutcome } from "./failure.ts";
import { JournalView } from "./journal-view.ts";
import { withoutPersistence } from "./persistence.ts";
import { ReconnectingConnection } from "./reconnecting-connection.ts";
import { type CheckResult, type Committed, type LastSeen, readRows, type RedisAppend, type Row, Stream } from "./stream.ts";
import { TailReader } from "./tail-reader.ts";
import type { RedisTarget } from "./url.ts";

/**
 * Time between two checks of the journal, in milliseconds. Another hub may have replaced or trimmed
 * the journal, or Redis may not answer.
 */
const CHECK_MS = 1000;
/** Longest wait for a connection, of writes and of reads, in milliseconds. */
const WRITE_WAIT_MS = 1000;
const READ_WAIT_MS = 10_000;
/**
 * How long other hubs' records before an own record may be on their way before they are requested,
 * in milliseconds.
 */
const OTHERS_MS = 50;
const PAGE: ReadLimits = { maxRecords: 1000, maxBytes: 4 * 1024 * 1024 };
/** Errors after which a retry soon may help. */
const PASSING: ReadonlySet<string> = new Set([
  "MOVED",
  "ASK",
  "TRYAGAIN",
  "READONLY",
  "LOADING",
  "MASTERDOWN",
  "CLUSTERDOWN",
  "BUSY",
  "NOAUTH",
]);

export interface EngineOptions {
  readonly target: RedisTarget;
  readonly name: string;
  readonly retention: Retention;
  readonly waitReplicas: number;
  readonly waitReplicasMs: number;
  readonly tls: RedisTls | undefined;
  readonly onDamage: (what: string) => void;
  readonly onWarning: (what: string) => void;
}

/**
 * The journal's connections to Redis: one for commands, one that waits for new records, one for
 * questions between hubs.
 */
export class Engine {
  readonly view: JournalView;
  readonly bus: RedisBus;
  readonly stream: Stream;
  readonly #options: EngineOptions;
  readonly #commands: ReconnectingConnection;
  readonly #following: ReconnectingConnection;
  readonly #stopChecking: () => void;
  #isChecking = false;
  /** The followers' offset at the last check, if there were more records. Otherwise undefined. */
  #behindAt: number | undefined;
  #foreignTold = 0;

  private constructor(
    options: EngineOptions,
    parts: { stream: Stream; view: JournalView; commands: ReconnectingConnection; following: ReconnectingConnection; bus: RedisBus },
  ) {
    this.#options = options;
    this.view = parts.view;
    this.bus = parts.bus;
    this.stream = parts.stream;
    this.#commands = parts.commands;
    this.#following = parts.following;
    new TailReader(
      this.#following,
      this.stream.key,
      () => this.view.seen,
      (rows, after) => this.#take(rows, after),
    );
    this.#stopChecking = every(CHECK_MS, () => void this.#checkNow());
  }

  /** @throws Error if Redis cannot be reached, or is of no use. */
  static async open(options: EngineOptions, read: (after: number, limits: ReadLimits) => Promise<JournalPage>): Promise<Engine> {
    const { target, name, retention, tls } = options;
    const stream = new Stream(name, retention);
    const dialler = new Dialler(target, stream.key, `artesian-${name}`, tls);
    const dial = (): Promise<Connection> => dialler.dial();
    const closing: { close(): void }[] = [];
    let view: JournalView | undefined;
    const greet = async (connection: Connection): Promise<void> => {
      if (view !== undefined) return verify(stream, view, connection);
      await stream.checkKeys(connection);
      const check = await stream.check(connection, { epoch: "", seen: 0, tag: "" });
      view = new JournalView(check, read);
    };
    try {
      const commands = await ReconnectingConnection.open(dial, greet);
      closing.push(commands);
      const following = await ReconnectingConnection.open(dial, greet);
      closing.push(following);
      const bus = await RedisBus.open(dial, stream.channel, () => commands.connection);
      const warning = commands.connection && (await withoutPersistence(commands.connection));
      if (warning !== undefined) options.onWarning(warning);
      return new Engine(options, { stream, view: view as unknown as JournalView, commands, following, bus });
    } catch (error) {
      for (const open of closing) open.close();
      throw error;
    }
  }

  /** Whether Redis has been out of reach for so long that writes need not wait. */
  get isAway(): boolean {
    return this.#commands.awayMs > WRITE_WAIT_MS;
  }

  /** Why Redis is away, as far as is known. */
  get failure(): Error | undefined {
    return this.#commands.failure;
  }

  /** Commits a group, and gives its records to followers. */
  async commit(group: readonly RedisAppend[]): Promise<readonly Committed[]> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const connection = await this.writable();
      const result = await this.stream.commit(connection, this.#lastSeen(), group);
      if (result.kind === "replaced") {
        await this.view.adopt(await beyondLeft(this.stream, this.view, connection, result.check));
        continue;
      }
      this.view.note({ ...result.figures, epoch: this.view.figures.epoch });
      await this.#hand(connection, result.entries);
      await this.waitForReplicas(connection);
      return result.committed;
    }
    throw unavailable("The journal in Redis is being replaced.");
  }

  /**
   * @throws HubError if the writes of this connection have not reached the required number of
   *   replicas.
   */
  async waitForReplicas(connection: Connection): Promise<void> {
    const { waitReplicas, waitReplicasMs } = this.#options;
    if (waitReplicas === 0) return;
    const reached = Number(await connection.send(["WAIT", String(waitReplicas), String(waitReplicasMs)], waitReplicasMs + ANSWER_MS));
    if (reached >= waitReplicas) return;
    throw unknownOutcome(`The update has reached ${reached} of the ${waitReplicas} replicas that it must.`);
  }

  /** @throws HubError if there is no connection soon. */
  async writable(): Promise<Connection> {
    const connection = await this.#commands.ready(patienceEndMs(this.#commands, WRITE_WAIT_MS) - monotonicMs());
    if (connection === undefined) throw unavailable("The journal's Redis cannot be reached.", this.failure);
    return connection;
  }

  /** Runs a read, again if the connection breaks, until the engine has been away for too long. */
  async patient<T>(run: (connection: Connection) => Promise<T>): Promise<T> {
    const untilMs = patienceEndMs(this.#commands, READ_WAIT_MS);
    for (;;) {
      const connection = await this.#commands.ready(untilMs - monotonicMs());
      if (connection === undefined) throw unreadable(this.failure);
      try {
        return await run(connection);
      } catch (error) {
        const isPassing = !(error instanceof ReplyError) || PASSING.has(error.code);
        if (error instanceof HubError || !isPassing || monotonicMs() >= untilMs) throw readFailure(error);
        await sleep(error instanceof ReplyError ? 100 : 0);
      }
    }
  }

  /** Compares the record seen last with Redis, and begins again if Redis has another journal. */
  async check(connection: Connection): Promise<CheckResult> {
    const check = await beyondLeft(this.stream, this.view, connection, await this.stream.check(connection, this.#lastSeen()));
    await this.view.adopt(check);
    return check;
  }

  /** Replaces the epoch by a new epoch, because the operator says that a backup was restored. */
  async beginEpoch(): Promise<void> {
    const connection = await this.writable();
    await this.check(connection);
    await this.view.adopt(await renew(this.stream, connection, this.view.figures.epoch));
    await this.waitForReplicas(connection);
  }

  close(): void {
    this.#stopChecking();
    this.bus.close();
    this.#following.close();
    this.#commands.close();
    this.view.followers.clear();
  }

  #lastSeen(): LastSeen {
    return { epoch: this.view.figures.epoch, seen: this.view.seen, tag: this.view.tag };
  }

  async #checkNow(): Promise<void> {
    const { connection } = this.#commands;
    if (connection === undefined || this.#isChecking) return;
    this.#isChecking = true;
    try {
      if (String(((await connection.send(["ROLE"])) as readonly unknown[])[0]) !== "master") throw new Error("It has become a replica.");
      const { seen } = this.view;
      const check = await this.check(connection);
      const isBehind = !check.isReplaced && check.tail > this.view.seen && seen === this.view.seen;
      if (isBehind && this.#behindAt === seen) await this.#catchUp(connection, check);
      this.#behindAt = isBehind ? seen : undefined;
    } catch (error) {
      if (!(error instanceof ReplyError)) connection.fail(error as Error);
    } finally {
      this.#isChecking = false;
    }
  }

  /**
   * Reads appended records that have not arrived for a second. They never arrive if they were
   * trimmed, or if the other connection leads to another server.
   */
  async #catchUp(connection: Connection, check: CheckResult): Promise<void> {
    if (this.view.seen < check.head - 1) await this.#skip(connection);
    else this.#following.connection?.fail(new Error("Nothing comes over it."));
  }

  /** Begins at the tail, because records for followers are gone. Subscribers are told of a gap. */
  async #skip(connection: Connection): Promise<void> {
    const check = await this.check(connection);
    if (!check.isReplaced) await this.view.replace(check);
  }

  /** Gives this process's records to followers, after other hubs' earlier records. */
  async #hand(connection: Connection, entries: readonly Entry[]): Promise<void> {
    const first = entries[0]?.record.offset;
    const last = entries.at(-1)?.record.offset;
    if (first === undefined || last === undefined) return;
    if (this.view.seen < first - 1) await this.view.whenSeen(first - 1, OTHERS_MS);
    try {
      await this.#fill(connection, first - 1);
      this.view.give(entries);
    } catch {
      // The record is committed. The record arrives the other way, when the connections are back.
      await this.view.whenSeen(last, WRITE_WAIT_MS);
    }
  }

  /** Gives followers the records up to an offset. */
  async #fill(connection: Connection, upTo: number): Promise<void> {
    while (this.view.seen < upTo && !this.view.isReplacing) {
      const { figures, rows } = await this.stream.read(connection, this.view.seen, PAGE);
      if (figures.epoch !== this.view.figures.epoch || this.view.seen < figures.head - 1) {
        await this.#skip(connection);
        return;
      }
      const { entries, foreign } = readRows(rows, this.view.seen);
      this.#tell(foreign);
      if (entries.length === 0) return;
      this.view.give(entries.filter(({ record }) => record.offset <= upTo));
    }
  }

  /** Takes the stream's rows after an offset. @returns Whether they gave any records. */
  async #take(rows: readonly Row[], after: number): Promise<boolean> {
    // The view was set back meanwhile.
    if (this.view.isReplacing || after > this.view.seen) return true;
    const { entries, foreign } = readRows(rows, this.view.seen);
    const { epoch } = this.view.figures;
    const first = entries[0];
    const isOther = entries.some((entry) => entry.epoch !== epoch);
    if (!isOther && foreign.length === 0 && (first === undefined || first.record.offset === this.view.seen + 1)) {
      this.view.give(entries);
      return true;
    }
    this.#tell(foreign);
    const connection = await this.#commands.ready(WRITE_WAIT_MS);
    if (connection === undefined) throw new Error("There is nothing to compare with.");
    const { seen } = this.view;
    const check = await this.check(connection);
    if (check.isReplaced || this.view.seen !== seen) return true;
    if (isOther) throw new Error("It leads to another server.");
    if (first === undefined) return false;
    if (seen < check.head - 1) await this.#skip(connection);
    else {
      if (foreign.length === 0) this.#tell([`${seen + 1}-0`]);
      this.view.give(entries);
    }
    return true;
  }

  #tell(ids: readonly string[]): void {
    for (const id of ids) {
      if (++this.#foreignTold > 1000) return;
      this.#options.onDamage(
        `The journal ${this.#options.name} in Redis: entry ${id} is missing or not what was written, and is left out.`,
      );
    }
  }
}

/** Replaces an epoch by a new epoch, by claiming to have seen a record that cannot exist. */
function renew(stream: Stream, connection: Connection, epoch: string): Promise<CheckResult> {
  return stream.check(connection, { epoch, seen: Number.MAX_SAFE_INTEGER, tag: "-" });
}

/** Leaves an epoch that was left before. Older data were restored if that epoch is there again. */
async function beyondLeft(stream: Stream, view: JournalView, connection: Connection, check: CheckResult): Promise<CheckResult> {
  if (!check.isReplaced || !view.hasLeft(check.epoch)) return check;
  return renew(stream, connection, check.epoch);
}

/**
 * Checks each new connection. The server may have another journal, or have lost records that were
 * seen.
 */
async function verify(stream: Stream, view: JournalView, connection: Connection): Promise<void> {
  const { seen } = view;
  const check = await beyondLeft(
    stream,
    view,
    connection,
    await stream.check(connection, { epoch: view.figures.epoch, seen, tag: view.tag }),
  );
  if (!check.isReplaced && view.seen === seen && seen < check.head - 1) await view.replace(check);
  else await view.adopt(check);
}
