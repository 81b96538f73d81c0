import { APP_ISSUER, type Authorization } from "../matching/authorization.ts";
import { HubError } from "../errors.ts";
import type { Grants } from "../matching/grants.ts";
import type { Journal, JournalRecord } from "../journal/journal.ts";
import { LogThrottle } from "../log-throttle.ts";
import type { Logger } from "../logger.ts";
import { Recent } from "../recent.ts";
import { after, monotonicMs } from "../scheduler.ts";
import type { Streams } from "./streams.ts";
import type { Subscriber } from "../live/subscriber.ts";
import { noteOf } from "../update/update.ts";

/** A user's id. Numbers count as their text. */
export type SubjectId = string | number | bigint;

/** Whether a value is a {@link SubjectId}. */
export function isSubjectId(value: unknown): value is SubjectId {
  return (typeof value === "string" && value !== "") || Number.isSafeInteger(value) || typeof value === "bigint";
}

/** Which streams are meant: those of one user. */
export interface OfSubject {
  /** The `subject` of `authorize`, or the `sub` claim of a token. */
  readonly subject: SubjectId;
}

/** Most questions to the application at a time. The rights of thousands may end at the same moment. */
const QUESTIONS = 16;
/** Most questions at a time about one user, so that a user whose session hangs holds up nobody else. */
const QUESTIONS_PER_SUBJECT = 4;

/**
 * When the application is asked again that could not answer, in milliseconds after each failure. The
 * last one holds for all further failures.
 */
const ASK_AGAIN_MS = [1000, 5000, 15_000] as const;

/** Most remembered subjects, in each of two generations. */
const REMEMBERED = 10_000;

/** What happens to a user's streams. */
type Act = "disconnect" | "reauthorize";

/** An act for the other processes, as the journal has it. */
interface StoredAct {
  readonly act: Act;
  readonly subject: string;
  /** The process that has done it already. */
  readonly by: string;
}

const PREFIX = "subject/";

/**
 * Streams by their users: ended at logout, and judged again when rights change. A note in the
 * journal, which reaches no subscriber, tells every process at once.
 */
export class Subjects {
  readonly #journal: Journal;
  readonly #topic: string;
  readonly #streams: Streams;
  readonly #grants: Grants;
  readonly #notices: LogThrottle;
  /**
   * When this process did the last act about a subject, by its monotonic clock. Rights from before do
   * not become a stream. The clocks of other processes do not count.
   */
  readonly #acted = new Recent<{ readonly atMs: number }>(REMEMBERED);
  /** Streams to judge because somebody says so. They come before those whose rights end. */
  readonly #called = new Set<Subscriber>();
  readonly #ending = new Set<Subscriber>();
  /** One question at a time for each stream, so that an older answer never replaces a newer one. */
  readonly #judging = new Set<Subscriber>();
  readonly #judgingOf = new Map<string | undefined, number>();
  #questions = 0;
  /** Failures in a row to judge a stream. */
  readonly #failures = new WeakMap<Subscriber, number>();
  readonly #by: string = crypto.randomUUID();

  /** @param options - `topic`: of the notes. */
  constructor(options: {
    readonly journal: Journal;
    readonly topic: string;
    readonly streams: Streams;
    readonly grants: Grants;
    readonly logger: Logger;
  }) {
    this.#journal = options.journal;
    this.#topic = options.topic;
    this.#streams = options.streams;
    this.#grants = options.grants;
    this.#notices = new LogThrottle(options.logger);
    this.#streams.onEnding = (subscriber) => this.#ask(subscriber, this.#ending);
  }

  /**
   * Ends all streams of a user, in every process of the journal within a second. Requests that came
   * before become no streams.
   *
   * @throws HubError `journal_unavailable` or `journal_full`. The streams of this process have ended.
   *   TypeError without a subject.
   */
  async disconnect(which: OfSubject): Promise<void> {
    await this.#act("disconnect", which);
  }

  /**
   * Has the application judge the streams of a user again, in every process of the journal. They go
   * on with the rights of then, or end.
   *
   * @throws HubError `journal_unavailable` or `journal_full`. The streams of this process are judged.
   *   TypeError without a subject.
   */
  async reauthorize(which: OfSubject): Promise<void> {
    await this.#act("reauthorize", which);
  }

  /**
   * Handles one of the hub's notes from the journal. Undefined means that some notes may have been
   * missed.
   */
  noticed(note: JournalRecord | undefined): void {
    if (note === undefined) {
      for (const subscriber of this.#streams.roster.tokenHolders()) {
        if (subscriber.authorization?.askAgain !== undefined) this.#ask(subscriber, this.#called);
      }
    } else if (note.data.startsWith(PREFIX)) {
      const stored = JSON.parse(note.data.slice(PREFIX.length)) as StoredAct;
      if (stored.by !== this.#by) this.#apply(stored);
    }
  }

  async #act(act: Act, which: OfSubject): Promise<void> {
    const subject: unknown = (which as Partial<OfSubject> | undefined)?.subject;
    if (!isSubjectId(subject)) throw new TypeError(`Say whose streams: hub.${act}({ subject: "42" }).`);
    const stored: StoredAct = { act, subject: String(subject), by: this.#by };
    this.#apply(stored);
    await this.#journal.append([noteOf(this.#topic, PREFIX + JSON.stringify(stored))]);
  }

  #apply({ act, subject }: StoredAct): void {
    this.#acted.set(subject, { atMs: monotonicMs() });
    for (const subscriber of this.#streams.roster.tokenHolders()) {
      const { authorization } = subscriber;
      if (authorization?.subject !== subject) continue;
      if (act === "disconnect") this.#streams.end(subscriber);
      else if (authorization.askAgain !== undefined) this.#ask(subscriber, this.#called);
    }
  }

  /**
   * Checks rights that the application gave before an await.
   *
   * @throws HubError `unauthorized` if the user's rights have changed since.
   */
  checkCurrent(authorization: Authorization): void {
    if (this.#isCurrent(authorization)) return;
    throw new HubError("unauthorized", "The user's rights have just changed. Connect again.", { retryAfterMs: 1000 });
  }

  #ask(subscriber: Subscriber, why: Set<Subscriber>): void {
    why.add(subscriber);
    if (this.#questions === QUESTIONS) return;
    this.#questions++;
    void this.#askWaiting().finally(() => this.#questions--);
  }

  async #askWaiting(): Promise<void> {
    for (let subscriber = this.#next(); subscriber !== undefined; subscriber = this.#next()) {
      const subject = subscriber.authorization?.subject;
      this.#judging.add(subscriber);
      this.#judgingOf.set(subject, (this.#judgingOf.get(subject) ?? 0) + 1);
      await this.#judge(subscriber);
      this.#judging.delete(subscriber);
      const others = (this.#judgingOf.get(subject) ?? 1) - 1;
      if (others === 0) this.#judgingOf.delete(subject);
      else this.#judgingOf.set(subject, others);
    }
  }

  /** Takes the next stream to judge. Those that are passed over are taken when a question ends. */
  #next(): Subscriber | undefined {
    for (const waiting of [this.#called, this.#ending]) {
      for (const subscriber of waiting) {
        const isOver = subscriber.state === "closed";
        const isHeld =
          this.#judging.has(subscriber) || (this.#judgingOf.get(subscriber.authorization?.subject) ?? 0) >= QUESTIONS_PER_SUBJECT;
        if (isHeld && !isOver) continue;
        waiting.delete(subscriber);
        if (!isOver) return subscriber;
      }
    }
    return undefined;
  }

  async #judge(subscriber: Subscriber): Promise<void> {
    const { authorization: old } = subscriber;
    let now: Authorization | undefined;
    try {
      now = await old?.askAgain?.();
    } catch (error) {
      if (!(error instanceof HubError) || error.code !== "unauthorized") {
        // The rights hold until their end, unless the application answers again before.
        this.#notices.log("error", "authorize", { err: (error as Error).cause ?? error }, "the application could not judge a stream again");
        this.#askLater(subscriber);
        return;
      }
    }
    this.#failures.delete(subscriber);
    if ((subscriber.state as string) === "closed" || subscriber.authorization !== old) return;
    // The rights have changed since the question, and the stream waits for the next.
    if (now !== undefined && !this.#isCurrent(now)) return;
    try {
      if (now === undefined || now.subject !== old?.subject) this.#streams.end(subscriber);
      else this.#streams.change(subscriber, subscriber.selection.withGrants(this.#grants.readable(now)), now);
    } catch (error) {
      this.#notices.log("error", "rights", { err: error }, "a stream could not get its new rights, and has ended");
      this.#streams.end(subscriber);
    }
  }

  #askLater(subscriber: Subscriber): void {
    const failures = this.#failures.get(subscriber) ?? 0;
    this.#failures.set(subscriber, failures + 1);
    after(ASK_AGAIN_MS[Math.min(failures, ASK_AGAIN_MS.length - 1)] ?? 0, () => {
      if (subscriber.state !== "closed") this.#ask(subscriber, this.#called);
    });
  }

  #isCurrent({ issuer, subject, askedAtMs = Infinity }: Authorization): boolean {
    return issuer !== APP_ISSUER || subject === undefined || (this.#acted.get(subject)?.atMs ?? -Infinity) < askedAtMs;
  }
}
