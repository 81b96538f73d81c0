import { existsSync } from "node:fs";
import type { DurationFigures } from "../../core/durations.ts";
import { HubError } from "../../core/errors.ts";
import type { AppendOutcome, IdempotentAppend, JournalIdempotency, KnownAppend, ReusedKey } from "../../core/journal/idempotency.ts";
import type { Journal, JournalPage, JournalRecord, ReadLimits } from "../../core/journal/journal.ts";
import { PeerExchange } from "../../core/journal/peer-exchange.ts";
import type { JournalState } from "../../core/journal/state.ts";
import { MAX_ID_BYTES } from "../../core/limits.ts";
import { every } from "../../core/scheduler.ts";
import { type Update, utf8Length } from "../../core/update/update.ts";
import { makeDirectory } from "../../make-directory.ts";
import { digestOf } from "../shared/digest.ts";
import { checkJournalOptions } from "../shared/options.ts";
import { encodeAppend, type LogAppend } from "./entries/codec.ts";
import { Condition } from "./writing/condition.ts";
import { Feed } from "./feed.ts";
import { refuseForeignFiles } from "./files/foreign-files.ts";
import { identityPath, readIdentity } from "./files/identity.ts";
import type { LogOutcome, LogPlace } from "./files/log-access.ts";
import { type LogJournalOptions, OPTIONS } from "./options.ts";
import { LogReader } from "./files/reader.ts";
import { OtherJournal } from "./writing/recovery.ts";
import { appendRequest, entriesRequest, findIdRequest, findKeyRequest, placeRequest } from "./processes/requests.ts";
import { SocketPlace } from "./processes/socket-place.ts";
import { LogStore } from "./writing/store.ts";
import { WriterLink } from "./processes/writer-link.ts";

export type { LogJournalOptions } from "./options.ts";

/** Interval of the checks whether the files are in place, while nothing is appended. */
const LOOK_MS = 500;

/**
 * A durable journal in a directory, for one machine. Several processes may read and append at once.
 * One of them writes, and the others send it their appends. When the writer ends, another takes
 * over.
 *
 * An append is acknowledged after it is flushed to the disk, so that it survives `kill -9` and a
 * power cut. Appends that wait for a flush share the next one. An append whose writer ended before
 * the answer fails with `outcome_unknown`, or is sent to the next writer if it has an idempotency
 * key.
 *
 * Restored data are noticed, and the journal then begins a new epoch. See
 * docs/decisions/put-back.md.
 *
 * @throws TypeError for an option that is misspelt or not valid.
 * @throws HubError `journal_unavailable` with `retryAfterMs` if the process that writes does not
 *   answer.
 * @throws Error if the directory cannot be made or written. Also if its journal has a newer format,
 *   is damaged, or has another epoch than `epoch`.
 */
export async function logJournal(options: LogJournalOptions): Promise<Journal> {
  checkJournalOptions("logJournal()", options, OPTIONS);
  const { directory, epoch } = options;
  refuseForeignFiles(directory);
  // Nothing is written into a directory that has another journal.
  if (epoch === undefined) {
    try {
      makeDirectory(directory);
    } catch (error) {
      throw new Error(`The journal's directory ${directory} cannot be made: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  } else if (!isJournal(directory, epoch)) throw new OtherJournal(directory);
  const sockets = new SocketPlace(directory);
  try {
    return await LogJournal.open(options, sockets);
  } catch (error) {
    sockets.close();
    throw error;
  }
}

class LogJournal implements Journal {
  readonly state: JournalState = {
    commit: async (steps) => void (await this.#append({ batch: [], steps })),
    entries: async (prefix, options) => {
      if (this.#isClosed) return [];
      this.#check();
      return this.#link.ask(entriesRequest({ prefix, ...options }));
    },
  };
  readonly idempotency: JournalIdempotency = {
    append: (attempt) => this.#appendOnce(attempt),
    find: (attempt) => this.#findKey(attempt),
  };
  readonly peers: PeerExchange | undefined;
  readonly #options: LogJournalOptions;
  readonly #sockets: SocketPlace;
  readonly #condition: Condition;
  readonly #feed: Feed;
  readonly #watchers = new Set<() => void>();
  #link!: WriterLink;
  #place: LogPlace | undefined;
  /** Reads for this process unless it writes. */
  #reader: LogReader | undefined;
  /** Open if this process writes. */
  #store: LogStore | undefined;
  #stopLooking: () => void = () => undefined;
  #isClosed = false;

  private constructor(options: LogJournalOptions, sockets: SocketPlace) {
    const { directory, bus } = options;
    this.#options = options;
    this.#sockets = sockets;
    this.#condition = new Condition(directory);
    this.#condition.watch(() => this.#tell());
    this.#feed = new Feed(
      (after, upTo) => this.#reading.between(after, upTo),
      (after, limits) => this.read(after, limits),
    );
    this.peers = bus && new PeerExchange(bus);
  }

  static async open(options: LogJournalOptions, sockets: SocketPlace): Promise<LogJournal> {
    const journal = new LogJournal(options, sockets);
    try {
      await journal.#open();
      return journal;
    } catch (error) {
      journal.peers?.close();
      throw error;
    }
  }

  async #open(): Promise<void> {
    const { directory, retention, markFile, onPutBack, onDamage, epoch } = this.#options;
    this.#link = await WriterLink.open({
      sockets: this.#sockets,
      epoch,
      absence: () => this.#condition.look(),
      openStore: async (role) => {
        const options = { directory, retention, markFile, onPutBack, onDamage, condition: this.#condition, ...role };
        this.#store = await LogStore.open(options);
        return this.#store;
      },
      // The store of a writer watches its active segment too.
      onFollowing: () => {
        this.#condition.watchIdentity(identityPath(directory));
        this.#reader?.reopen();
      },
      onPlace: (place) => this.#moved(place),
      onFailure: () => this.#tell(),
    });
    this.#reader = await this.#openReader();
    this.#feed.begin(this.tail());
    this.#stopLooking = every(LOOK_MS, () => {
      if (this.#condition.look() === undefined) this.#feed.moveTo(this.tail());
    });
  }

  get epoch(): string {
    return this.#at.epoch;
  }

  get restoredUpTo(): number {
    return this.#at.restoredUpTo;
  }

  get failure(): HubError | undefined {
    return this.#condition.failure ?? this.#link.failure;
  }

  get flushes(): DurationFigures | undefined {
    return this.#store?.flushes.figures();
  }

  watchFailure(onChanged: () => void): () => void {
    this.#watchers.add(onChanged);
    return () => void this.#watchers.delete(onChanged);
  }

  append(batch: readonly Update[]): Promise<readonly number[]> {
    return this.#append({ batch, steps: [] }).then(offsetsOf);
  }

  async read(after: number, limits: ReadLimits): Promise<JournalPage> {
    this.#check();
    if (after > this.tail()) this.#moved(await this.#link.ask(placeRequest()));
    return this.#reading.page(after, limits);
  }

  follow(after: number, onAppended: (records: readonly JournalRecord[]) => void): () => void {
    return this.#feed.follow(after, onAppended);
  }

  async find(id: string): Promise<readonly number[]> {
    // A peer may send any text as its cursor.
    if (this.#isClosed || id === "" || utf8Length(id) > MAX_ID_BYTES) return [];
    this.#check();
    return this.#link.ask(findIdRequest(id));
  }

  tail(): number {
    return this.#at.tail;
  }

  head(): number {
    return this.#at.head;
  }

  bytes(): number {
    return this.#at.bytes;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopLooking();
    this.peers?.close();
    await this.#link.close();
    this.#feed.clear();
    this.#reader?.close();
    this.#sockets.close();
  }

  get #at(): LogPlace {
    return this.#place as LogPlace;
  }

  /** The writer has its newest records in memory. */
  get #reading(): LogReader {
    return (this.#link.isWriter ? this.#store?.reader : this.#reader) as LogReader;
  }

  async #append(append: LogAppend): Promise<LogOutcome> {
    this.#check();
    const outcome = await this.#link.ask(appendRequest(encodeAppend(append), append.keyed !== undefined));
    // Followers of this process get a record before its publisher gets the answer.
    if (outcome.kind === "appended" && outcome.count > 0) {
      const reached = this.#feed.reached(outcome.first + outcome.count - 1);
      if (reached !== undefined) await reached;
    }
    return outcome;
  }

  async #appendOnce({ key, request, batch, steps = [], answer }: IdempotentAppend): Promise<AppendOutcome> {
    const keyed = { digest: digestOf(key), request: digestOf(request), answer };
    const outcome = await this.#append({ batch, steps, keyed });
    return outcome.kind === "appended" ? { kind: "appended", offsets: offsetsOf(outcome) } : outcome;
  }

  async #findKey({ key, request }: Pick<IdempotentAppend, "key" | "request">): Promise<KnownAppend | ReusedKey | undefined> {
    this.#check();
    return this.#link.ask(findKeyRequest(digestOf(key), digestOf(request)));
  }

  /** @throws HubError `journal_unavailable` */
  #check(): void {
    if (this.#isClosed) throw new HubError("journal_unavailable", "The journal is closed.");
    const { failure } = this;
    if (failure !== undefined) throw failure;
  }

  #moved(place: LogPlace): void {
    const known = this.#place;
    if (known !== undefined && (place.tail < known.tail || place.head < known.head)) return;
    this.#place = place;
    if (this.#reader === undefined) return;
    this.#reader.moveTo(place);
    this.#feed.moveTo(place.tail);
  }

  async #openReader(): Promise<LogReader> {
    const { directory, onDamage } = this.#options;
    const salt = this.#store?.salt ?? readIdentity(directory)?.identity.salt;
    if (salt === undefined) throw new OtherJournal(directory);
    const reader = await LogReader.open(directory, salt, this.#at, { onDamage });
    reader.moveTo(this.#at);
    return reader;
  }

  #tell(): void {
    for (const onChanged of this.#watchers) onChanged();
  }
}

/** No offsets if the key was known, which an append without a key never hears. */
function offsetsOf(outcome: LogOutcome): readonly number[] {
  if (outcome.kind !== "appended") return [];
  const { first, count } = outcome;
  return count === 1 ? [first] : Array.from({ length: count }, (_, i) => first + i);
}

function isJournal(directory: string, epoch: string): boolean {
  if (!existsSync(identityPath(directory))) return false;
  const found = readIdentity(directory);
  return found?.isOwn === true && found.identity.epoch === epoch;
}
