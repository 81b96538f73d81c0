import { createEpoch } from "../../core/journal/cursor.ts";
import { HubError } from "../../core/errors.ts";
import type { JournalRecord } from "../../core/journal/journal.ts";
import { afterThisTurn, every, monotonicMs } from "../../core/scheduler.ts";
import type { EngineConnection } from "../shared/away-watch.ts";
import { decodeHead, encode } from "./codec.ts";
import { Feed } from "./feed.ts";
import { Log, type Message } from "./log.ts";
import { Signal } from "./signal.ts";
import type { JournalStream, StreamRange } from "./stream.ts";
import { newTag } from "./tag.ts";

/** A commit of this process that is on its way. */
export interface OwnCommit {
  readonly tag: string;
  readonly records: readonly JournalRecord[];
  /** Set once the commit was taken in, and is in the stream. */
  isTaken: boolean;
}

/** Callbacks of a replica. */
export interface ReplicaListener {
  /** A message was taken in. */
  readonly taken: (message: Message) => void;
  /**
   * Earlier state does not hold any more. Called after the turn in which that became known. Until
   * then, {@link Replica.isReplaced} is true.
   */
  readonly replaced: () => void;
  readonly damaged: (what: string) => void;
  /** The server has lost old messages that were needed. */
  readonly lost: (what: string) => void;
}

/** Time between two checks that the stream is still the same, in milliseconds. */
const LOOK_MS = 1000;
/** Pauses before the stream is loaded again, in milliseconds. */
const RETRY_MS = { min: 50, max: 2000 } as const;
/**
 * Longest wait for the next message while a stream loads, in milliseconds. A large stream may take
 * long in total.
 */
const PROGRESS_MS = 5000;
/** How long opening goes on trying while a cluster is starting, in milliseconds. */
const OPEN_MS = 15_000;

/** A state that may change in a moment. */
class Unsettled extends Error {}

/** The server's code for a cluster without a leader. */
const UNAVAILABLE = 10008;

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof Unsettled || error.name === "TimeoutError" || ("code" in error && error.code === UNAVAILABLE);
}

/**
 * Keeps a {@link Log} equal to the stream. After each reconnection it first checks whether its
 * newest known message is still there. If not, data were lost. The replica then loads the stream
 * again, and begins a new epoch unless another process has.
 */
export class Replica implements EngineConnection {
  log: Log = new Log("");
  /** A commit to recognise in the stream. */
  own: OwnCommit | undefined;
  isReplaced = false;
  /** Changes with each message taken in, and with {@link isLive}. */
  readonly changed: Signal = new Signal();
  readonly #stream: JournalStream;
  readonly #inbox: () => string;
  readonly #listener: ReplicaListener;
  #feed: Feed | undefined;
  #isLive = false;
  #isConnected = true;
  #isClosed = false;
  /** Start of the time without being live, in milliseconds of the monotonic clock. */
  #awaySinceMs: number = monotonicMs();
  /** Whether an observation proves that data were lost. */
  #hasSeenLoss = false;
  /** Whether messages were missing, as after they were trimmed before they arrived. */
  #hasHole = false;
  /** Sequence before which the server is known to have lost messages. */
  #lostBefore = 0;
  /** Epochs that were replaced. */
  readonly #left = new Set<string>();
  #isLooking = false;
  /** The newest message at the last check, if the stream had more. */
  #stuckAt = 0;
  #running: Promise<void> = Promise.resolve();
  #stopLooking: () => void = () => undefined;

  /** @param inbox - Makes a subject that nobody else uses. */
  constructor(stream: JournalStream, inbox: () => string, listener: ReplicaListener) {
    this.#stream = stream;
    this.#inbox = inbox;
    this.#listener = listener;
  }

  /** Whether the replica knows all of the stream, except messages on their way. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /** See {@link EngineConnection}. */
  get awayMs(): number {
    return this.#isLive ? 0 : monotonicMs() - this.#awaySinceMs;
  }

  /** Loads the stream. @throws The error that prevents this. */
  async open(): Promise<void> {
    const untilMs = monotonicMs() + OPEN_MS;
    while (!this.#isLive) {
      try {
        await this.#resume();
      } catch (error) {
        this.#halt();
        if (!isPassing(error) || monotonicMs() > untilMs) throw error;
        await this.changed.wait(RETRY_MS.min * (0.5 + Math.random()));
      }
    }
    this.#running = this.#run();
    this.#stopLooking = every(LOOK_MS, () => void this.#look());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopLooking();
    this.#halt();
    this.changed.notify();
    await this.#running;
  }

  /** Notes that the connection is lost, or is back. */
  connected(isConnected: boolean): void {
    this.#isConnected = isConnected;
    if (!isConnected) this.#halt();
    this.changed.notify();
  }

  /**
   * Checks again before going on. Called if the log may differ from the stream, or the server does
   * not answer.
   *
   * @param sinceMs - Time when the server was last well.
   */
  suspect(sinceMs: number = monotonicMs()): void {
    const wasLive = this.#isLive;
    this.#halt();
    if (wasLive) this.#awaySinceMs = sinceMs;
    this.changed.notify();
  }

  /** Waits until the replica is live. @returns Whether it is. */
  async live(untilMs: number): Promise<boolean> {
    while (!this.#isLive && !this.#isClosed && monotonicMs() < untilMs) await this.changed.wait(untilMs - monotonicMs());
    return this.#isLive;
  }

  /**
   * Waits until a message was taken in, or the replica is not live any more. @returns Whether the
   * message was taken in.
   */
  async reached(log: Log, seq: number, untilMs: number): Promise<boolean> {
    while (log.seq < seq && this.log === log && this.#isLive && monotonicMs() < untilMs) await this.changed.wait(untilMs - monotonicMs());
    return log.seq >= seq;
  }

  /** Waits until the replica knows all of the current stream. @returns Whether it does. */
  async synced(untilMs: number): Promise<boolean> {
    if (!(await this.live(untilMs))) return false;
    const { log } = this;
    const place = await this.#stream.look().catch(() => undefined);
    return place?.incarnation === log.incarnation && (await this.reached(log, place.last, untilMs));
  }

  /**
   * Begins a new epoch, because the operator says that a backup was restored, or finds that another
   * process has just begun one.
   */
  async renew(untilMs: number): Promise<void> {
    for (;;) {
      if (!(await this.live(untilMs)) || monotonicMs() > untilMs)
        throw new HubError("journal_unavailable", "The journal cannot be reached. Try again in a moment.");
      const { log } = this;
      const { epoch } = log;
      await this.#beginEpoch(log).catch((error: unknown) => {
        // Earlier messages are taken in first.
        if (!(error instanceof Unsettled)) throw error;
      });
      if (this.log !== log || log.epoch !== epoch) return;
      await this.changed.wait(RETRY_MS.min);
    }
  }

  /** Takes in a message of the stream. A message that was taken in already changes nothing. */
  take(log: Log, seq: number, message: Message | undefined): void {
    if (seq <= log.seq) return;
    const { epoch } = log;
    const applied = log.apply(seq, message);
    if (applied === "hole") {
      this.#hasHole = true;
      this.suspect();
      return;
    }
    if (applied !== "applied" || message === undefined) {
      this.#listener.damaged(`Message ${seq} of the stream ${this.#stream.name} is not one that belongs there, and is left out.`);
      if (applied === "broken" && log === this.log) {
        this.#hasSeenLoss = true;
        this.suspect();
      }
      return;
    }
    if (this.own?.tag === message.head.tag) {
      this.own.isTaken = true;
      message.records ??= this.own.records;
    }
    if (log === this.log) {
      if (epoch !== log.epoch) {
        this.#left.add(epoch);
        this.#replace();
      } else this.#listener.taken(message);
    }
    this.changed.notify();
  }

  async #run(): Promise<void> {
    let attempts = 0;
    while (!this.#isClosed) {
      if (this.#isLive || !this.#isConnected) {
        await this.changed.wait(RETRY_MS.max);
        continue;
      }
      try {
        await this.#resume();
        attempts = 0;
      } catch {
        // Appends and reads meanwhile get the error. Here only a retry is possible.
        this.#halt();
        const waitMs = Math.min(RETRY_MS.max, RETRY_MS.min * 2 ** Math.min(attempts++, 6));
        await this.changed.wait(waitMs * (0.5 + Math.random() / 2));
      }
    }
  }

  /** Stops the feed. */
  #halt(): void {
    if (this.#isLive) this.#awaySinceMs = monotonicMs();
    this.#isLive = false;
    this.#feed?.stop(this.#isConnected);
    this.#feed = undefined;
  }

  async #resume(): Promise<void> {
    const old = this.log;
    const place = await this.#stream.place();
    const found = place.incarnation === old.incarnation ? await this.#find(place) : "other";
    if (found === "same" && !this.#hasSeenLoss && !this.#hasHole) {
      await this.#catchUp(old, place.last);
      if (this.#hasSeenLoss || this.#hasHole) throw new Unsettled("The stream has to be loaded again.");
      this.#removed(place);
      // With full storage of the account, the server stores a message and removes it. The next
      // message must follow that place.
      if (old.seq < place.last && !(await this.#stream.hasFrom(old.seq + 1, place))) old.loaded(place.last);
    } else {
      const log = new Log(place.incarnation);
      await this.#catchUp(log, place.last);
      log.loaded(place.last);
      // A missing message may have been trimmed while this process was away.
      const isLost = found === "other" || this.#hasSeenLoss || log.head <= old.tail;
      // An epoch that was left before is there again if older data were restored. Its offsets must
      // not be given twice.
      if (log.epoch === "" || (isLost && log.epoch === old.epoch) || this.#left.has(log.epoch)) await this.#beginEpoch(log);
      if (old.epoch !== log.epoch) this.#left.add(old.epoch);
      this.log = log;
      this.#hasSeenLoss = false;
      this.#hasHole = false;
      if (old.epoch !== "") this.#replace();
    }
    // The feed may have ended since, for example while this process began an epoch.
    if (this.#feed === undefined || this.#feed.isOver) throw new Unsettled("The feed has ended.");
    this.#isLive = true;
    this.changed.notify();
  }

  /** Tells whether the newest known message is in the stream. */
  async #find({ first, last }: StreamRange): Promise<"same" | "missing" | "other"> {
    const { seq, tag, tagSeq } = this.log;
    if (last < seq) return "other";
    const bytes = await this.#stream.getFromLeader(tagSeq);
    // Trimmed, but nothing after it. The next message says itself which message it follows.
    if (bytes === undefined) return first === seq + 1 && last > seq ? "same" : "missing";
    return decodeHead(bytes)?.tag === tag ? "same" : "other";
  }

  /**
   * Takes in the stream's messages after the log's newest, up to a message at least, and goes on
   * with new messages.
   */
  async #catchUp(log: Log, last: number): Promise<void> {
    this.#feed?.stop(this.#isConnected);
    const progress = { isThere: false };
    let heardAtMs = monotonicMs();
    let why: string | undefined;
    const [feed, hasMore] = await Feed.open(this.#stream, this.#inbox(), log.seq + 1, {
      heard: (seq, bytes, pending) => {
        heardAtMs = monotonicMs();
        const head = decodeHead(bytes);
        this.take(log, seq, head && { bytes, head });
        progress.isThere ||= pending === 0 || seq >= last;
        if (progress.isThere) this.changed.notify();
      },
      ended: (reason) => {
        why = reason;
        if (this.#isLive && this.#feed === feed) this.suspect(heardAtMs);
        this.changed.notify();
      },
    });
    progress.isThere ||= !hasMore;
    this.#feed = feed;
    while (!progress.isThere) {
      if (why !== undefined || this.#feed !== feed || this.#isClosed) throw new Unsettled(why ?? "The connection was lost.");
      if (monotonicMs() - heardAtMs > PROGRESS_MS) throw new Unsettled("The stream does not come.");
      await this.changed.wait(PROGRESS_MS);
    }
  }

  /**
   * Begins a new epoch. The first process decides. Another process that saw the same loss takes in
   * this epoch.
   */
  async #beginEpoch(log: Log): Promise<void> {
    const head = {
      tag: newTag(),
      prev: log.tag,
      epoch: createEpoch(),
      at: Date.now(),
      first: log.tail + 1,
      head: log.head,
      sizes: [],
      ids: [],
      keys: [],
      steps: [],
    };
    const bytes = encode(head, [], this.#stream.maxBytes);
    if (bytes === undefined) throw new Error("The server's max_payload is too small.");
    const sent = await this.#stream.send(this.#stream.subject(log.incarnation), bytes, log.seq, 2000);
    if (sent.kind === "full") throw new HubError("journal_full", "The storage of the NATS server is full.", { cause: sent.cause });
    if (sent.kind !== "stored") throw new Unsettled("Another process was first, or the stream is away.", { cause: sent });
    this.take(log, sent.seq, { bytes, head });
  }

  /** Notes the messages that are gone from the front of the stream. */
  #removed({ first, last }: StreamRange): void {
    const { log } = this;
    // With all messages taken in, this process would not remove more than any other.
    const isLost = log.seq >= last && first > log.neededFrom() && first > this.#lostBefore;
    log.removedBefore(first);
    if (!isLost) return;
    this.#lostBefore = first;
    this.#listener.lost(
      `The NATS server no longer has the messages before ${first} of the stream ${this.#stream.name}, although they were needed. ` +
        `The records before ${log.head} are gone.`,
    );
  }

  #replace(): void {
    if (this.isReplaced) return;
    this.isReplaced = true;
    afterThisTurn(() => {
      this.isReplaced = false;
      if (!this.#isClosed) this.#listener.replaced();
    });
  }

  async #look(): Promise<void> {
    if (!this.#isLive || this.#isLooking) return;
    this.#isLooking = true;
    const { log } = this;
    const { seq } = log;
    const sinceMs = monotonicMs();
    try {
      const place = await this.#stream.look();
      if (!this.#isLive || log !== this.log) return;
      const isEmpty = place !== undefined && place.last <= log.seq && place.first > log.tagSeq;
      const isGone = place?.incarnation !== log.incarnation || place.last < seq || isEmpty;
      // Nothing came between two checks, although the stream has more.
      const isStuck = place !== undefined && place.last > log.seq && this.#stuckAt === log.seq;
      this.#stuckAt = place !== undefined && place.last > log.seq ? log.seq : 0;
      if (isGone || isStuck) this.suspect(sinceMs);
      else this.#removed(place);
    } catch {
      if (this.#isLive) this.suspect(sinceMs);
    } finally {
      this.#isLooking = false;
    }
  }
}
