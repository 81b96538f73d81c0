import { Durations } from "../../../core/durations.ts";
import { HubError } from "../../../core/errors.ts";
import type { KnownAppend, ReusedKey } from "../../../core/journal/idempotency.ts";
import type { JournalState, StateEntry } from "../../../core/journal/state.ts";
import { beginFile, isActiveWhole } from "./active-segment.ts";
import { monotonicMs } from "../../../core/scheduler.ts";
import { AppendQueue } from "./append-queue.ts";
import { DURABLE_RETENTION, RetentionRule, trimWhileIdle } from "../../shared/retention.ts";
import { Malformed } from "../entries/bytes.ts";
import { encodeAppend } from "../entries/codec.ts";
import { Condition } from "./condition.ts";
import { AFTER_GAP, ENTRY_HEAD } from "../entries/entry.ts";
import type { CheckpointToWrite } from "../files/checkpoint.ts";
import { outcomeUnknown, toWriteError } from "../files/failure.ts";
import { claimedFiles, type FileOperations, realFiles } from "../files/file-operations.ts";
import { Group } from "./group.ts";
import { Housekeeping } from "./housekeeping.ts";
import { hashesOf, identityPath, SEGMENT_START } from "../files/identity.ts";
import type { LogOutcome, LogPlace, LogWriterAccess } from "../files/log-access.ts";
import { Lookup } from "./lookup.ts";
import { LogReader } from "../files/reader.ts";
import { type LogState, recover, type RecoveredLog } from "./recovery.ts";
import { segmentPath } from "../files/segment.ts";
import { segmentBytesFor, segmentLimit } from "../files/segment-length.ts";
import { SegmentWriter } from "../files/segment-writer.ts";
import { SparseIndex } from "../files/sparse-index.ts";
import type { LogStoreOptions } from "./store-options.ts";
import { type LogEnd, Trimmer } from "./trimmer.ts";

export type { LogStoreOptions } from "./store-options.ts";

/** A log that this process alone writes. Appends that wait for a flush share the next one. */
export class LogStore implements LogWriterAccess {
  /** Reads the log up to its newest place. */
  readonly reader: LogReader;
  /** Flushes of groups. */
  readonly flushes: Durations = new Durations();
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
  readonly #isDeposed: () => boolean;
  /** Whether a writer before may still have the active segment open. */
  #isShared: boolean;

  private constructor(log: RecoveredLog, options: LogStoreOptions, files: FileOperations, segmentBytes: number) {
    const { directory, retention = DURABLE_RETENTION, isTakeover = false, isDeposed = () => false } = options;
    const { segments, identity } = log;
    this.#isDeposed = isDeposed;
    this.#isShared = isTakeover && !log.isNew;
    this.#directory = directory;
    this.#log = log;
    this.#files = files;
    this.#segmentBytes = segmentBytes;
    this.#writer = log.writer;
    this.#state = log.state;
    const hashes = hashesOf(identity);
    this.#condition = options.condition ?? new Condition(directory);
    this.#condition.watchIdentity(identityPath(directory));
    this.#watchSegment(log.writer.first);
    // In another journal's place, the mark would say that the other is an older journal.
    log.mark.onlyWhile(() => this.#condition.look() === undefined && !isDeposed());
    this.#trimmer = new Trimmer(segments, new RetentionRule(retention));
    this.#trimmer.start(log.state.head, this.#end());
    this.#place = this.#newPlace();
    this.reader = new LogReader(segments, this.#place, options);
    this.#lookup = new Lookup(segments, this.reader, hashes);
    this.#group = new Group(segments.salt, log.table, hashes);
    this.#housekeeping = new Housekeeping(segments, log.checkpoints, isDeposed);
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
    const files = claimedFiles(options.files ?? realFiles, options.isDeposed);
    return new LogStore(await recover({ ...options, files, segmentBytes }), options, files, segmentBytes);
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
    const mayWrite = (): boolean => this.#condition.look() === undefined && !this.#isDoubtful && !this.#isDeposed();
    if (mayWrite() && this.#isUnproven) {
      // So that damage of the last appends is recognised, and is no torn end.
      await this.#write([encodeAppend({ batch: [], steps: [] })]).catch(() => undefined);
    }
    await this.#housekeeping.settle();
    await (mayWrite() ? this.#writer.close() : this.#writer.abandon());
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
      if (this.#isShared) await this.#takeFile();
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
      const beganAt = monotonicMs();
      await this.#writer.flush(bytes.length);
      this.flushes.add(monotonicMs() - beganAt);
    } catch (error) {
      this.#isDoubtful = isFlushing;
      // Another process may count the bytes.
      if (this.#isDeposed()) throw isFlushing ? outcomeUnknown(error) : toWriteError(error);
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
    if (this.#isUnproven) mark.noteSoon(identity.epoch, this.#state);
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
    // A segment has the name of its first record, so each has a record.
    if (this.#state.tail < this.#writer.first) return this.#replaceChanges();
    const full = { segment: this.#log.segments.active, writer: this.#writer };
    await this.#newFile();
    this.#housekeeping.seal(full.segment, full.writer);
    this.#housekeeping.checkpoint(this.#checkpoint());
  }

  /** Begins a file that no writer before has open. A late write then goes where it does not count. */
  async #takeFile(): Promise<void> {
    if (this.#state.tail >= this.#writer.first) await this.#beginSegment();
    else {
      const { segments } = this.#log;
      const old = this.#writer;
      await this.#housekeeping.writeCheckpoint(this.#checkpoint());
      await this.#newFile(segments.isAfterGap(segments.active) ? AFTER_GAP : 0);
      await old.abandon();
      this.#trimmer.start(this.#state.head, this.#end());
    }
    this.#isShared = false;
  }

  /** Goes on with a new file after the newest record. */
  async #newFile(kind = 0): Promise<void> {
    const named = (): void => this.#watchSegment(this.#state.tail + 1);
    this.#writer = await beginFile(this.#log, this.#state, this.#files, this.#segmentLimit, kind, named);
    this.#place = this.#newPlace();
    this.reader.moveTo(this.#place);
  }

  /** The table as of the next segment's beginning. */
  #checkpoint(): CheckpointToWrite {
    return { first: this.#state.tail + 1, changes: this.#state.changes, snapshot: this.#log.table.snapshot() };
  }

  /**
   * Puts a checkpoint in place of the changes of a segment without records, as of an idle hub. A
   * failure leaves the segment as it is.
   */
  async #replaceChanges(): Promise<void> {
    const { first, position } = this.#writer;
    if (position <= this.#segmentLimit) return;
    const { segments } = this.#log;
    const start = SEGMENT_START + ENTRY_HEAD;
    try {
      await this.#housekeeping.writeCheckpoint(this.#checkpoint());
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
    const { first, position } = this.#writer;
    await this.#writer.abandon();
    const isWhole = await isActiveWhole(this.#log.segments, position, this.#state.tail);
    if (!isWhole) throw this.#condition.damage("flushed updates are gone");
    this.#writer = await SegmentWriter.open(this.#directory, this.#files, { first, position, limit: this.#segmentLimit });
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

  #watchSegment(first: number): void {
    this.#condition.watchSegment(segmentPath(this.#directory, first, "log"));
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
