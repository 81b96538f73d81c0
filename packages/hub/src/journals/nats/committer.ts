import { HubError } from "../../core/errors.ts";
import { recordBytes, type Retention } from "../../core/journal/journal.ts";
import { monotonicMs } from "../../core/scheduler.ts";
import { patienceEndMs } from "../shared/away-watch.ts";
import { type Commit, commitOf, type Outcome, type PendingAppend } from "./group.ts";
import type { Log } from "./log.ts";
import type { OwnCommit, Replica } from "./replica.ts";
import type { JournalStream } from "./stream.ts";

/**
 * Most updates, and bytes by {@link recordBytes}, that share a commit. A commit has one append at
 * least.
 */
const MOST_UPDATES = 1000;
const MOST_BYTES = 4 * 1024 * 1024;
/** Time after which an append is refused because the server is away, in milliseconds. */
const AWAY_MS = 2000;
/** Longest wait of one attempt for its answer, in milliseconds. */
const ATTEMPT_MS = 1000;
/** Time after which an append is refused because other processes were first again and again. */
const CONTENTION_MS = 10_000;
/** Most appends and bytes that may wait for a commit. */
const MOST_WAITING = { appends: 50_000, bytes: 256 * 1024 * 1024 } as const;
const RETRY_AFTER_MS = 2000;

const IN_DOUBT =
  "The journal does not answer. The updates may or may not have been published. Publish again with the same idempotency key.";
const AWAY = "The journal cannot be reached; nothing was published. Publish again in a moment.";

/**
 * Commits appends, with all waiting appends in one message. A message is stored only if it follows
 * the newest message that this process knows. So the log decides between processes that commit at
 * once. The loser takes in the other's message, and tries again. For the same reason a message may
 * be sent twice, and is stored once.
 */
export class Committer {
  readonly #replica: Replica;
  readonly #stream: JournalStream;
  readonly #retention: Retention;
  #queue: PendingAppend[] = [];
  #waitingBytes = 0;
  #committing: Promise<void> | undefined;
  /** Called after each commit of this process, and when room is to be made for a commit. */
  readonly #committed: () => void;
  #isClosed = false;

  constructor(stream: JournalStream, replica: Replica, retention: Retention, committed: () => void) {
    this.#stream = stream;
    this.#replica = replica;
    this.#retention = retention;
    this.#committed = committed;
  }

  append(append: Pick<PendingAppend, "batch" | "steps" | "keyed">): Promise<Outcome> {
    if (this.#isClosed) return Promise.reject(new HubError("journal_unavailable", "The journal is closed."));
    const bytes = bytesOf(append);
    if (this.#isAway() || this.#queue.length >= MOST_WAITING.appends || this.#waitingBytes + bytes > MOST_WAITING.bytes) {
      return Promise.reject(away());
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...append, sinceMs: monotonicMs(), resolve, reject });
      this.#waitingBytes += bytes;
      this.#committing ??= this.#commitAll();
    });
  }

  /** Finishes the commits under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#committing;
  }

  #isAway(): boolean {
    return this.#replica.awayMs > AWAY_MS;
  }

  async #commitAll(): Promise<void> {
    while (this.#queue.length > 0) {
      if (!(await this.#replica.live(patienceEndMs(this.#replica, AWAY_MS)))) {
        // The connection may have been live in between.
        if (this.#isAway()) for (const { reject } of this.#take(Infinity)) reject(away());
        continue;
      }
      await this.#commit(this.#take(MOST_UPDATES));
    }
    this.#committing = undefined;
  }

  /** Takes the next appends, as many as may share a message. */
  #take(mostUpdates: number): PendingAppend[] {
    // JSON takes more bytes than the records count for.
    const mostBytes = mostUpdates === Infinity ? Infinity : Math.min(MOST_BYTES, this.#stream.maxBytes / 2);
    let updates = 0;
    let bytes = 0;
    let count = 0;
    for (const append of this.#queue) {
      updates += append.batch.length + append.steps.length;
      bytes += bytesOf(append);
      if (count > 0 && (updates > mostUpdates || bytes > mostBytes)) {
        bytes -= bytesOf(append);
        break;
      }
      count++;
    }
    this.#waitingBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  async #commit(group: readonly PendingAppend[]): Promise<void> {
    try {
      const commit = await this.#store(group);
      if (commit === undefined) {
        // Together, they are too long.
        const half = group.length >> 1;
        await this.#commit(group.slice(0, half));
        await this.#commit(group.slice(half));
        return;
      }
      for (const [i, { resolve }] of group.entries()) resolve(commit.outcomes[i] as Outcome);
      if (!commit.isEmpty) this.#committed();
    } catch (error) {
      for (const { reject } of group) reject(error as Error);
    } finally {
      this.#replica.own = undefined;
    }
  }

  /** @returns Undefined if the caller should try fewer appends. */
  async #store(group: readonly PendingAppend[]): Promise<Commit | undefined> {
    const replica = this.#replica;
    const startMs = monotonicMs();
    let answeredMs = startMs;
    let commit: Commit | undefined;
    let own: OwnCommit | undefined;
    /** Whether the commit was sent, and is not known to be refused. */
    let isInDoubt = false;
    let isStored = false;
    for (;;) {
      if (own?.isTaken === true && commit !== undefined) return commit;
      // Stored, and lost before this process took it in.
      if (isStored) throw inDoubt();
      const nowMs = monotonicMs();
      if (nowMs - answeredMs > AWAY_MS || nowMs - startMs > CONTENTION_MS) throw isInDoubt ? inDoubt() : away();
      if (!(await replica.live(answeredMs + AWAY_MS))) continue;
      if (isInDoubt && commit !== undefined && own !== undefined) {
        // The reload may have brought the commit.
        if (own.isTaken) continue;
        if (commit.log !== replica.log) throw inDoubt();
        // Another message is in its place.
        if (replica.log.seq > commit.expected) commit = undefined;
      } else commit = undefined;
      if (commit === undefined) {
        isInDoubt = false;
        commit = commitOf(replica.log, group, this.#retention, this.#stream.maxBytes);
        if (commit.isEmpty) {
          // Nothing is sent, so only this request finds out whether the server is there.
          if ((await this.#stream.look().catch(() => undefined)) === undefined) throw away();
          return commit;
        }
        own = { tag: commit.head.tag, records: commit.records, isTaken: false };
        replica.own = own;
      }
      if (commit.bytes === undefined) {
        if (group.length > 1) return undefined;
        throw new HubError(
          "too_large",
          "The updates together are longer than the NATS server takes (max_payload). Publish fewer at a time.",
        );
      }
      const sentMs = monotonicMs();
      const sent = await this.#stream.send(this.#stream.subject(commit.log.incarnation), commit.bytes, commit.expected, ATTEMPT_MS);
      if (sent.kind === "stored") {
        // If the log was replaced meanwhile, the new log knows whether the commit is there.
        if (commit.log === replica.log)
          replica.take(commit.log, sent.seq, { bytes: commit.bytes, head: commit.head, records: commit.records });
        isStored = true;
      } else if (sent.kind === "lost") {
        answeredMs = monotonicMs();
        if (sent.last < commit.expected) replica.suspect(sentMs);
        else if (!(await replica.reached(commit.log, sent.last, monotonicMs() + ATTEMPT_MS)) && commit.log === replica.log)
          replica.suspect(sentMs);
      } else if (sent.kind === "full") {
        this.#makeRoom(commit.log);
        // A refused message may have been stored and removed again, and the next message must
        // follow that place.
        const place = await this.#stream.look().catch(() => undefined);
        if (place?.last !== commit.expected) replica.suspect(sentMs);
        // An earlier attempt may be stored.
        if (isInDoubt) throw inDoubt();
        throw new HubError("journal_full", "The storage of the NATS server is full; nothing was published.", { cause: sent.cause });
      } else if (sent.kind === "unknown") {
        isInDoubt = true;
        replica.suspect(sentMs);
      } else replica.suspect(sentMs);
    }
  }

  /**
   * Drops records beyond the retention while the stream's storage is full. A commit that drops them
   * cannot be stored then. All processes drop the records that are removed from the stream.
   */
  #makeRoom(log: Log): void {
    log.drop(log.held.headAfter([], this.#retention, Date.now()));
    this.#committed();
  }
}

function bytesOf({ batch, steps }: Pick<PendingAppend, "batch" | "steps">): number {
  let bytes = 0;
  for (const update of batch) bytes += recordBytes(update);
  for (const { key, value, update } of steps) bytes += key.length + (value?.length ?? 0) + (update === undefined ? 0 : recordBytes(update));
  return bytes;
}

const away = (): HubError => new HubError("journal_unavailable", AWAY, { retryAfterMs: RETRY_AFTER_MS });
const inDoubt = (): HubError => new HubError("outcome_unknown", IN_DOUBT, { retryAfterMs: RETRY_AFTER_MS });
