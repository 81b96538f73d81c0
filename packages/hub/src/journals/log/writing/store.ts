import { HubError } from "../../../core/errors.ts";
import type { KnownAppend, ReusedKey } from "../../../core/journal/idempotency.ts";
import type { Retention } from "../../../core/journal/journal.ts";
import type { JournalState, StateEntry } from "../../../core/journal/state.ts";
import { AppendQueue } from "./append-queue.ts";
import { nextTurn } from "../../../core/scheduler.ts";
import { restOf } from "../../../core/slices.ts";
import { DURABLE_RETENTION, RetentionRule, trimWhileIdle } from "../../shared/retention.ts";
import { Malformed } from "../entries/bytes.ts";
import { encodeAppend } from "../entries/codec.ts";
import { Condition } from "./condition.ts";
import { ENTRY_HEAD } from "../entries/entry.ts";
import { EntryReader, scan } from "../entries/entry-reader.ts";
import { outcomeUnknown, toWriteError } from "../files/failure.ts";
import { type FileOperations, realFiles } from "../files/file-operations.ts";
import { Group } from "./group.ts";
import { Housekeeping } from "./housekeeping.ts";
import { hashesOf, identityPath, SEGMENT_START } from "../files/identity.ts";
import { HashTable } from "../files/hash-table.ts";
import type { LogOutcome, LogPlace, LogWriterAccess } from "../files/log-access.ts";
import { Lookup } from "./lookup.ts";
import { LogReader } from "../files/reader.ts";
import { type LogState, recover, type RecoveredLog, type RecoveryOptions } from "./recovery.ts";
import { segmentPath } from "../files/segment.ts";
import { segmentBytesFor, segmentLimit } from "../files/segment-length.ts";
import { SegmentWriter } from "../files/segment-writer.ts";
import { SparseIndex } from "../files/sparse-index.ts";
import { type LogEnd, Trimmer } from "./trimmer.ts";

/** Options of {@link LogStore.open}. */
export interface LogStoreOptions extends Omit<RecoveryOptions, "files" | "segmentBytes"> {
  /** Default: {@link DURABLE_RETENTION}. */
  readonly retention?: Retention | undefined;
  /** Called with a description if read data differ from the written data. */
  readonly onDamage?: ((what: string) => void) | undefined;
  /** Length that a segment should not exceed, in bytes. Default: by the retention, at most 64 MiB. */
  readonly segmentBytes?: number | undefined;
  /** Of a process that may have been a follower before. Default: a new one. */
  readonly condition?: Condition | undefined;
  /** For tests that make operations fail. */
  readonly files?: FileOperations | undefined;
}

/** A log that this process alone writes. Appends that wait for a flush share the next one. */
export class LogStore implements LogWriterAccess {
  /** Reads the log up to its newest place. */
  readonly reader: LogReader;
  readonly #directory: string;
  readonly #log: RecoveredLog;
  readonly #files: FileOperations;
  readonly #segmentBytes: number;
  readonly #condition: Condition;
  readonly #trimmer: Trimmer;
  readonly #housekeeping: Housekeeping;
  readonly #lookup: Lookup;
  readonly #group: Group;
  readonly #listeners = new Set<(place: LogPlace) => void>();
  readonly #stopTrimming: () => void;
  #writer: SegmentWriter;
  #state: LogState;
  #place: LogPlace;
  readonly #queue = new AppendQueue((requests) => this.#write(requests));
  #isClosed = false;
  /** Whether the page cache is not to be trusted, as after a failed flush. */
  #isDoubtful = false;
  /** Whether no entry says that the last group was flushed. */
  #isUnproven = false;

  private constructor(log: RecoveredLog, options: LogStoreOptions, segmentBytes: number) {
    const { directory, retention = DURABLE_RETENTION, files = realFiles } = options;
    const { segments, identity } = log;
    this.#directory = directory;
    this.#log = log;
    this.#files = files;
    this.#segmentBytes = segmentBytes;
    this.#writer = log.writer;
    this.#state = log.state;
    const hashes = hashesOf(identity);
    this.#condition = options.condition ?? new Condition(directory);
    this.#watchFiles();
    // In another journal's place, the mark would say that the other is an older journal.
    log.mark.onlyWhile(() => this.#condition.look() === undefined);
    this.#trimmer = new Trimmer(segments, new RetentionRule(retention));
    this.#trimmer.start(log.state.head, this.#end());
    this.#place = this.#newPlace();
    this.reader = new LogReader(segments, this.#place, options);
    const [oldest] = segments.all;
    if (oldest !== undefined && log.state.head < oldest.first) {
      const { onDamage = (what) => process.emitWarning(what) } = options;
      onDamage(`The journal in ${directory} is damaged: records ${log.state.head} to ${oldest.first - 1} are missing, and are left out.`);
    }
    this.#lookup = new Lookup(segments, this.reader, hashes);
    this.#group = new Group(segments.salt, log.table, hashes);
    this.#housekeeping = new Housekeeping(segments, log.checkpoints);
    this.#housekeeping.writeIndexes();
    this.#dropTrimmed();
    this.#stopTrimming = trimWhileIdle(retention, {
      head: () => this.#place.head,
      isOverfull: () => !this.#isClosed && this.#trimmer.isOverfull(this.#end(), Date.now()),
      dropSome: () => this.append(encodeAppend({ batch: [], steps: [] })),
    });
  }

  /**
   * Opens a log, or begins one. The caller makes sure that no other process writes it.
   *
   * @throws Error if the directory cannot be made or written. Also if its journal has a newer
   *   format, is damaged beyond use, or has another epoch than `epoch`.
   */
  static async open(options: LogStoreOptions): Promise<LogStore> {
    const segmentBytes = options.segmentBytes ?? segmentBytesFor(options.retention ?? DURABLE_RETENTION);
    const log = await recover({ ...options, files: options.files ?? realFiles, segmentBytes });
    return new LogStore(log, options, segmentBytes);
  }

  get place(): LogPlace {
    return this.#place;
  }

  /** Start of all checksums, for readers in other processes. */
  get salt(): number {
    return this.#log.identity.salt;
  }

  /** Why the log can't be used. See `Journal.failure`. */
  get failure(): HubError | undefined {
    return this.#condition.failure;
  }

  /** See `Journal.watchFailure`. */
  watchFailure(onChanged: () => void): () => void {
    return this.#condition.watch(onChanged);
  }

  /** Checks whether the files are still in place. @returns See {@link failure}. */
  look(): HubError | undefined {
    return this.#condition.look();
  }

  onMoved(listener: (place: LogPlace) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  append(request: Buffer): Promise<LogOutcome> {
    const refused = this.#refusal();
    if (refused !== undefined) return Promise.reject(refused);
    return this.#queue.append(request);
  }

  async entries(prefix: string, options: Parameters<JournalState["entries"]>[1]): Promise<readonly StateEntry[]> {
    if (this.#isClosed) return [];
    const refused = this.#refusal();
    if (refused !== undefined) throw refused;
    return this.#log.table.list(prefix, options);
  }

  async findId(id: string): Promise<readonly number[]> {
    if (this.#isClosed) return [];
    const refused = this.#refusal();
    if (refused !== undefined) throw refused;
    return this.#lookup.id(id);
  }

  async findKey(digest: string, request: string): Promise<KnownAppend | ReusedKey | undefined> {
    const refused = this.#refusal();
    if (refused !== undefined) throw refused;
    return this.#lookup.key(digest, request);
  }

  /** Finishes the appends under way, then closes the files. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopTrimming();
    await this.#queue.settle();
    const isHere = this.#condition.look() === undefined;
    if (isHere && !this.#isDoubtful && this.#isUnproven) {
      // So that damage of the last appends is recognised, and is no torn end.
      await this.#write([encodeAppend({ batch: [], steps: [] })]).catch(() => undefined);
    }
    await this.#housekeeping.settle();
    await (isHere && !this.#isDoubtful ? this.#writer.close() : this.#writer.abandon());
    await this.#log.mark.settle();
    this.#listeners.clear();
    this.reader.close();
  }

  /** Files that were taken away may be back. */
  #refusal(): HubError | undefined {
    if (this.#isClosed) return new HubError("journal_unavailable", "The journal is closed.");
    return this.failure && this.look();
  }

  /** Writes a group of appends, and waits until they are flushed. */
  async #write(requests: readonly Buffer[]): Promise<readonly (LogOutcome | HubError)[]> {
    const absent = this.#condition.look();
    if (absent !== undefined) throw absent;
    try {
      if (this.#isDoubtful) await this.#checkAgain();
      await this.#makeSegment(requests);
    } catch (error) {
      throw await this.#refused(error);
    }
    const findKey = await this.#lookup.keysOf(requests);
    // The bytes of the last group are about to change.
    this.reader.moveTo(this.#place);
    const now = Date.now();
    const group = this.#group;
    group.begin(this.#state, this.#writer.position, now);
    const outcomes = requests.map((request) => {
      try {
        return group.add(request, findKey);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        return new HubError("internal", "The append is not in the form of this version.", { cause: error });
      }
    });
    if (group.bytes.length === 0) {
      if (!outcomes.some((outcome) => !(outcome instanceof HubError) && outcome.kind === "appended")) return outcomes;
      group.addEmpty();
    }
    try {
      group.end(this.#state.head);
      const { tail, total, bytes } = group;
      const position = this.#writer.position + bytes.length;
      this.#trimmer.trim({ tail, total, position, held: { position: this.#writer.position, bytes } }, tail - this.#state.tail, now);
      group.end(this.#trimmer.head);
      await this.#flush(bytes);
    } catch (error) {
      this.#trimmer.start(this.#state.head, this.#end());
      throw await this.#refused(error);
    }
    this.#flushed();
    const gone = this.#condition.look();
    if (gone !== undefined) throw outcomeUnknown(gone);
    return outcomes;
  }

  /** Writes bytes at the end of the log. Afterwards they are flushed, or are not there. */
  async #flush(bytes: Buffer): Promise<void> {
    let isFlushing = false;
    try {
      await this.#writer.clear(bytes.length);
      this.#writer.write(bytes);
      isFlushing = true;
      await this.#writer.flush(bytes.length);
    } catch (error) {
      this.#isDoubtful = isFlushing;
      try {
        await this.#writer.cut();
      } catch {
        this.#isDoubtful = true;
        throw outcomeUnknown(error);
      }
      throw toWriteError(error);
    }
  }

  /** Takes a flushed group in. */
  #flushed(): void {
    const group = this.#group;
    const { segments, table, mark, identity } = this.#log;
    const { first, sparse, texts } = segments.active;
    const { bytes, tail } = group;
    const position = this.#writer.position - bytes.length;
    group.eachEntry((at, length, offset, count) => sparse?.note(position + at, length, offset, count));
    group.eachText((hash, offset) => texts?.add(hash, offset - first));
    for (const [key, value] of group.changes) table.write(key, value, group.changeCount);
    const isLonger = tail > this.#state.tail;
    this.#isUnproven = isLonger || group.changes.size > 0;
    this.#state = { head: this.#trimmer.head, tail, total: group.total, changes: group.changeCount };
    this.#place = this.#newPlace();
    if (isLonger) mark.noteSoon(identity.epoch, tail);
    this.#dropTrimmed();
    this.reader.moveTo(this.#place, { position, bytes });
    this.#tell();
  }

  /** Gives up the segments whose records were all trimmed. */
  #dropTrimmed(): void {
    const trimmed = this.#log.segments.all.filter(({ next }) => next <= this.#state.head);
    if (trimmed.length > 0) this.#housekeeping.drop(trimmed.map(({ first }) => first));
    this.#log.segments.forgetBefore(this.#state.head);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.#place);
  }

  /** Begins a segment if the appends are too much for the present one. */
  async #makeSegment(requests: readonly Buffer[]): Promise<void> {
    let bytes = 0;
    for (const request of requests) bytes += request.length;
    if (this.#writer.position + bytes > this.#segmentLimit) await this.#beginSegment();
  }

  async #beginSegment(): Promise<void> {
    const { directory, files } = { directory: this.#directory, files: this.#files };
    const { segments, identity, table } = this.#log;
    const { head, tail, total, changes } = this.#state;
    // A segment has the name of its first record, so each has a record.
    if (tail < this.#writer.first) return this.#replaceChanges();
    const begin = { at: Date.now(), first: tail + 1, head, total, changes };
    const writer = await SegmentWriter.create(directory, files, identity, begin, this.#segmentLimit);
    const full = { segment: segments.active, writer: this.#writer };
    this.#writer = writer;
    segments.list(begin.first);
    segments.active.sparse = new SparseIndex(begin.first, SEGMENT_START);
    segments.active.sparse.note(SEGMENT_START, writer.position - SEGMENT_START, begin.first, 0);
    segments.active.texts = new HashTable();
    this.#watchFiles();
    this.#place = this.#newPlace();
    this.reader.moveTo(this.#place);
    this.#housekeeping.seal(full.segment, full.writer);
    this.#housekeeping.checkpoint({ first: begin.first, changes, snapshot: table.snapshot() });
  }

  /**
   * Puts a checkpoint in place of the changes of a segment without records, as of an idle hub. A
   * failure leaves the segment as it is.
   */
  async #replaceChanges(): Promise<void> {
    const { first, position } = this.#writer;
    if (position <= this.#segmentLimit) return;
    const { segments, table } = this.#log;
    const start = SEGMENT_START + ENTRY_HEAD;
    try {
      await this.#housekeeping.writeCheckpoint({ first, changes: this.#state.changes, snapshot: table.snapshot() });
      this.reader.moveTo(this.#place);
      this.#group.begin(this.#state, start, Date.now());
      this.#group.addEmpty();
      this.#group.end(this.#state.head);
      await this.#writer.replace(start, this.#group.bytes);
    } catch {
      if (this.#writer.position === position) return;
      this.#isDoubtful = true;
    }
    segments.active.sparse = new SparseIndex(first, SEGMENT_START);
    this.#place = this.#newPlace();
    this.reader.moveTo(this.#place);
    this.#trimmer.start(this.#state.head, this.#end());
  }

  /** Reads the active segment after a failed flush, and goes on with another segment. */
  async #checkAgain(): Promise<void> {
    const { segments } = this.#log;
    const { active } = segments;
    const { position } = this.#writer;
    await this.#writer.abandon();
    segments.closeFile(active);
    const entries = new EntryReader(segments.salt);
    entries.use({ fd: () => segments.fd(active), limit: position });
    const end = await restOf(
      scan(entries, { position: SEGMENT_START, next: active.first, until: this.#state.tail + 1 }, () => undefined),
      nextTurn,
    );
    if (end.position !== position || end.next !== this.#state.tail + 1) throw this.#condition.damage("flushed updates are gone");
    this.#writer = await SegmentWriter.open(this.#directory, this.#files, { first: active.first, position, limit: this.#segmentLimit });
    await this.#beginSegment();
    this.#isDoubtful = false;
  }

  /** Makes room on a full disk. @returns The error of appends that could not be written. */
  async #refused(error: unknown): Promise<HubError> {
    const reason = toWriteError(error);
    if (reason.code !== "journal_full") return reason;
    // Segments beyond the retention go, although there is no room to write how far the head moved.
    this.#trimmer.trimWhole(this.#end(), Date.now(), this.#housekeeping.keepFrom);
    if (this.#trimmer.head > this.#state.head) {
      this.#state = { ...this.#state, head: this.#trimmer.head };
      this.#place = this.#newPlace();
      this.#dropTrimmed();
      this.reader.moveTo(this.#place);
      this.#tell();
    }
    // The next append finds the room.
    await this.#housekeeping.settle();
    return reason;
  }

  /** Length that the active segment should not exceed. */
  get #segmentLimit(): number {
    return segmentLimit(this.#segmentBytes, this.#log.table.units);
  }

  #watchFiles(): void {
    this.#condition.watchFiles([identityPath(this.#directory), segmentPath(this.#directory, this.#writer.first, "log")]);
  }

  /** The flushed end of the log. */
  #end(): LogEnd {
    return { tail: this.#state.tail, total: this.#state.total, position: this.#writer.position };
  }

  #newPlace(): LogPlace {
    const { epoch, restoredUpTo } = this.#log.identity;
    const { head, tail, total } = this.#state;
    const bytes = total - this.#trimmer.before;
    return { epoch, restoredUpTo, head, tail, bytes, segment: this.#writer.first, position: this.#writer.position };
  }
}
