import { APP_ISSUER, type Authorization } from "../matching/authorization.ts";
import { HubError } from "../errors.ts";
import type { Grants } from "../matching/grants.ts";
import type { Journal, JournalRecord } from "../journal/journal.ts";
import { LogThrottle } from "../log-throttle.ts";
import type { Logger } from "../logger.ts";
import { Recent } from "../recent.ts";
import type { Streams } from "./streams.ts";
import type { Subscriber } from "../live/subscriber.ts";
import { noteOf } from "../update/update.ts";

/** Which streams are meant: those of one user. */
export interface OfSubject {
  /** The `subject` of `authorize`, or the `sub` claim of a token. */
  readonly subject: string;
}

/** Most questions to the application at a time. The rights of thousands may end at the same moment. */
const QUESTIONS = 16;

/** Most remembered subjects whose streams were ended, in each of two generations. */
const REMEMBERED = 10_000;

/** What happens to a user's streams. */
type Act = "disconnect" | "reauthorize";

/** An act for the other processes, as the journal has it. */
interface StoredAct {
  readonly act: Act;
  readonly subject: string;
  /** Time in milliseconds since 1970. Rights from later are left alone. */
  readonly at: number;
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
  /** When streams were ended, in milliseconds since 1970. A request from before must not become a stream. */
  readonly #ended = new Recent<{ readonly at: number }>(REMEMBERED);
  readonly #waiting = new Set<Subscriber>();
  /** One question at a time for each stream, so that an older answer never replaces a newer one. */
  readonly #judging = new Set<Subscriber>();
  #questions = 0;

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
    this.#streams.onEnding = (subscriber) => this.#ask(subscriber);
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
        if (subscriber.authorization?.askAgain !== undefined) this.#ask(subscriber);
      }
    } else if (note.data.startsWith(PREFIX)) {
      const stored = JSON.parse(note.data.slice(PREFIX.length)) as StoredAct;
      if (stored.by !== this.#by) this.#apply(stored);
    }
  }

  async #act(act: Act, which: OfSubject): Promise<void> {
    const subject: unknown = (which as Partial<OfSubject> | undefined)?.subject;
    if (typeof subject !== "string" || subject === "") throw new TypeError(`Say whose streams: hub.${act}({ subject: "42" }).`);
    const stored: StoredAct = { act, subject, at: Date.now(), by: this.#by };
    this.#apply(stored);
    await this.#journal.append([noteOf(this.#topic, PREFIX + JSON.stringify(stored))]);
  }

  #apply({ act, subject, at }: StoredAct): void {
    if (act === "disconnect") this.#ended.set(subject, { at: Math.max(at, this.#ended.get(subject)?.at ?? 0) });
    for (const subscriber of this.#streams.roster.tokenHolders()) {
      const { authorization } = subscriber;
      if (authorization?.subject !== subject) continue;
      // Judged since.
      if (authorization.issuer === APP_ISSUER && (authorization.issuedAt ?? 0) > at) continue;
      if (act === "disconnect") this.#streams.end(subscriber);
      else if (authorization.askAgain !== undefined) this.#ask(subscriber);
    }
  }

  /**
   * Checks rights that the application gave before an await.
   *
   * @throws HubError `unauthorized` if the user's streams were ended since.
   */
  checkCurrent({ issuer, subject, issuedAt = Infinity }: Authorization): void {
    if (issuer !== APP_ISSUER || subject === undefined || (this.#ended.get(subject)?.at ?? 0) < issuedAt) return;
    throw new HubError("unauthorized", "The user's rights have just changed. Connect again.", { retryAfterMs: 1000 });
  }

  #ask(subscriber: Subscriber): void {
    this.#waiting.add(subscriber);
    if (this.#questions === QUESTIONS) return;
    this.#questions++;
    void this.#askWaiting().finally(() => this.#questions--);
  }

  async #askWaiting(): Promise<void> {
    for (const subscriber of this.#waiting) {
      // The one that judges it comes to it again.
      if (this.#judging.has(subscriber)) continue;
      this.#waiting.delete(subscriber);
      if (subscriber.state === "closed") continue;
      this.#judging.add(subscriber);
      await this.#judge(subscriber).finally(() => this.#judging.delete(subscriber));
    }
  }

  async #judge(subscriber: Subscriber): Promise<void> {
    const { authorization: old } = subscriber;
    let now: Authorization | undefined;
    try {
      now = await old?.askAgain?.();
      if (now !== undefined) this.checkCurrent(now);
    } catch (error) {
      if (!(error instanceof HubError) || error.code !== "unauthorized") {
        // The rights hold until their end. By then the application may answer again.
        this.#notices.log("error", "authorize", { err: (error as Error).cause ?? error }, "the application could not judge a stream again");
        return;
      }
    }
    if ((subscriber.state as string) === "closed" || subscriber.authorization !== old) return;
    if (now === undefined || now.subject !== old?.subject) this.#streams.end(subscriber);
    else this.#streams.change(subscriber, subscriber.selection.withGrants(this.#grants.readable(now)), now);
  }
}
