import { HubError } from "../../core/errors.ts";
import { monotonicMs } from "../../core/scheduler.ts";
import { patienceEndMs } from "../shared/away-watch.ts";
import { type AppendSize, GroupCommit, type TakeGroup } from "../shared/group-commit.ts";
import type { RetentionRule } from "../shared/retention.ts";
import { type Commit, commitOf, type NatsAppend, type Outcome } from "./commit.ts";
import type { Log } from "./log.ts";
import type { OwnCommit, Replica } from "./replica.ts";
import type { JournalStream } from "./stream.ts";

/** Most that share a commit. */
const GROUP: AppendSize = { count: 1000, bytes: 4 * 1024 * 1024 };
/** Most that wait for a commit. */
const WAITING: AppendSize = { count: 100_000, bytes: 256 * 1024 * 1024 };
/** Time after which an append is refused because the server is away, in milliseconds. */
const AWAY_MS = 2000;
/** Longest wait of one attempt for its answer, in milliseconds. */
const ATTEMPT_MS = 1000;
/** Time after which an append is refused because other processes were first again and again. */
const CONTENTION_MS = 10_000;
const RETRY_AFTER_MS = 2000;

const IN_DOUBT =
  "The journal does not answer. The updates may or may not have been published. Publish again with the same idempotency key.";
const AWAY = "The journal cannot be reached; nothing was published. Publish again in a moment.";

/**
 * Writes commits to the log, each group of appends as one message. A message is stored only if it
 * follows the newest message that this process knows. So the log decides between processes that
 * commit at once. The loser takes in the other's message, and tries again. For the same reason a
 * message may be sent twice, and is stored once.
 */
export class LogWriter {
  readonly #replica: Replica;
  readonly #stream: JournalStream;
  readonly #retention: RetentionRule;
  readonly #groups: GroupCommit<NatsAppend, Outcome>;
  /** Called after each commit of this process, and when room is to be made for a commit. */
  readonly #committed: () => void;

  constructor(stream: JournalStream, replica: Replica, retention: RetentionRule, committed: () => void) {
    this.#stream = stream;
    this.#replica = replica;
    this.#retention = retention;
    this.#committed = committed;
    this.#groups = new GroupCommit({
      refusal: () => (this.#isAway() ? away() : undefined),
      bounds: {
        // JSON takes more bytes than the records count for.
        group: () => ({ ...GROUP, bytes: Math.min(GROUP.bytes, stream.maxBytes / 2) }),
        waiting: WAITING,
        overflow: away,
      },
      commit: (take) => this.#commit(take),
    });
  }

  append(append: NatsAppend): Promise<Outcome> {
    return this.#groups.append(append);
  }

  /** Finishes the commits under way. */
  close(): Promise<void> {
    return this.#groups.close();
  }

  #isAway(): boolean {
    return this.#replica.awayMs > AWAY_MS;
  }

  async #commit(take: TakeGroup<NatsAppend>): Promise<readonly Outcome[]> {
    while (!(await this.#replica.live(patienceEndMs(this.#replica, AWAY_MS)))) {
      // The connection may have been live in between.
      if (this.#isAway()) throw away();
    }
    try {
      const { outcomes, isEmpty } = await this.#store(take);
      if (!isEmpty) this.#committed();
      return outcomes;
    } finally {
      this.#replica.own = undefined;
    }
  }

  async #store(take: TakeGroup<NatsAppend>): Promise<Commit> {
    let group = take();
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
        if (group.length > 1) {
          // Together, they are too long.
          group = take(group.length >> 1);
          continue;
        }
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
    log.drop(log.records.headAfter([], this.#retention, Date.now()));
    this.#committed();
  }
}

const away = (): HubError => new HubError("journal_unavailable", AWAY, { retryAfterMs: RETRY_AFTER_MS });
const inDoubt = (): HubError => new HubError("outcome_unknown", IN_DOUBT, { retryAfterMs: RETRY_AFTER_MS });
