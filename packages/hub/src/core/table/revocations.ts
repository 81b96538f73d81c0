import type { Authorization } from "../matching/authorization.ts";
import { HubError } from "../errors.ts";
import type { JournalRecord } from "../journal/journal.ts";
import { LogThrottle } from "../log-throttle.ts";
import type { Logger } from "../logger.ts";
import { checkNames } from "../names.ts";
import { sleep } from "../scheduler.ts";
import { allEntries, type JournalState, type StateStep } from "../journal/state.ts";
import { noteOf } from "../update/update.ts";

/** Tokens to revoke: one by its `jti`, or all tokens of a subject by its `sub`. */
export type Revocation = {
  /** The `iss` claim. Ids and subjects are an issuer's own. */
  readonly issuer: string;
  /**
   * End of the last token concerned, in milliseconds since 1970. The revocation is kept until then,
   * and for the hub's leeway. Default: without end.
   */
  readonly until?: number | undefined;
} & (
  | {
      /** The `jti` claim. */
      readonly tokenId: string;
    }
  | {
      /**
       * The `sub` claim. Its tokens issued up to now are revoked, and so are tokens without a time
       * of issue.
       */
      readonly subject: string;
    }
);

const NAMES: ReadonlySet<string> = new Set(["issuer", "until", "tokenId", "subject"]);

/**
 * The year 2001, in milliseconds since 1970. An earlier end is a time in seconds, by which the
 * revocation would end at once.
 */
const EARLIEST_END_MS = 1e12;

/**
 * Checks a program's revocation, whose types nothing has checked.
 *
 * @throws TypeError if the revocation does not say which tokens. A revocation without effect would
 *   pass for an effective one.
 */
function checkRevocation(revocation: Revocation): void {
  if (typeof revocation !== "object" || revocation === null) {
    throw new TypeError("A revocation is an object such as { issuer, subject } or { issuer, tokenId }.");
  }
  checkNames(revocation, NAMES, "A revocation");
  const { issuer, until, tokenId, subject } = revocation as Readonly<Record<string, unknown>>;
  if (typeof issuer !== "string" || issuer === "") throw new TypeError("A revocation needs the `issuer` of the tokens, their `iss` claim.");
  const [value, other] = [tokenId ?? subject, tokenId === undefined || tokenId === null ? undefined : subject];
  if (typeof value !== "string" || value === "" || (other !== undefined && other !== null)) {
    throw new TypeError("A revocation needs the `tokenId` of one token or the `subject` of several, as text, and not both.");
  }
  if (until !== undefined && !(typeof until === "number" && until >= EARLIEST_END_MS)) {
    throw new TypeError("The `until` of a revocation is not a time in milliseconds since 1970, such as Date.now() + 3600000.");
  }
}

/**
 * A revocation as stored: the claim to compare, since when, and until when, in milliseconds since
 * 1970.
 */
interface StoredRevocation {
  readonly claim: "jti" | "sub";
  readonly issuer: string;
  readonly value: string;
  readonly at: number;
  /** Null: without end. */
  readonly until: number | null;
}

/** A revocation that holds. Times are milliseconds since 1970. */
export type KnownRevocation = Revocation & {
  /** Names the revocation, for {@link Revocations.withdraw}. */
  readonly id: string;
  readonly at: number;
};

const PREFIX = "revocation/";
/** Pause after a failed reading of the table, in milliseconds. */
const RETRY_MS = 1000;

/**
 * The tokens that are refused before their end. They are kept in the journal's shared table, one
 * entry for each claim. A note in the journal, which reaches no subscriber, tells every process at
 * once.
 */
export class Revocations {
  readonly #state: JournalState;
  readonly #limit: number;
  readonly #leewayMs: number;
  readonly #topic: string;
  readonly #onRevoked: (concerns: (authorization: Authorization) => boolean) => void;
  readonly #logger: Logger;
  readonly #notices: LogThrottle;
  /** By key in the table. */
  readonly #kept = new Map<string, StoredRevocation>();
  readonly #byClaim = new Map<string, StoredRevocation>();
  /** Whether all earlier revocations are known. */
  #isReady = false;
  /** Number of times that the whole table was to be read. */
  #loads = 0;
  /** Set while the table can't be read. */
  #failure: HubError | undefined;
  /** Called when the table was read, or could not be. */
  #waiting: (() => void)[] = [];
  /** Changes by this process, which a reading of the table may have missed. */
  #changes = 0;
  /** One change after the other, so that each sees the earlier ones. */
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param options - `topic`: of the notes. `limit`: most revocations kept. `leewayMs`: how long
   *   tokens are accepted after their end. `onRevoked`: called for new revocations, with a function
   *   that tells whether a token is concerned.
   */
  constructor(options: {
    state: JournalState;
    topic: string;
    limit: number;
    leewayMs: number;
    onRevoked: (concerns: (authorization: Authorization) => boolean) => void;
    logger: Logger;
  }) {
    this.#state = options.state;
    this.#topic = options.topic;
    this.#limit = options.limit;
    this.#leewayMs = options.leewayMs;
    this.#onRevoked = options.onRevoked;
    this.#logger = options.logger;
    this.#notices = new LogThrottle(options.logger);
    void this.#loadAll();
  }

  /**
   * Tells whether a token is revoked. The answer is a promise only while earlier revocations are
   * not known.
   *
   * @throws HubError `journal_unavailable`, by the promise, while they can't be read.
   */
  isRevoked(authorization: Authorization): boolean | Promise<boolean> {
    return this.#isReady ? this.has(authorization) : this.#known().then(() => this.has(authorization));
  }

  /** Whether a token is among the revocations known so far. */
  has(authorization: Authorization): boolean {
    if (this.#byClaim.size === 0) return false;
    const { issuer, subject, tokenId } = authorization;
    const byId = tokenId === undefined ? undefined : this.#byClaim.get(nameOf("jti", issuer, tokenId));
    const bySubject = subject === undefined ? undefined : this.#byClaim.get(nameOf("sub", issuer, subject));
    return (byId !== undefined && concerns(byId, authorization)) || (bySubject !== undefined && concerns(bySubject, authorization));
  }

  /**
   * Revokes tokens for all processes of the journal. Resolves once the revocation is committed.
   *
   * @throws HubError `too_many_revocations`, `journal_full` or `journal_unavailable`. Nothing was
   *   revoked. TypeError for a revocation that names no tokens.
   */
  async revoke(revocation: Revocation): Promise<void> {
    checkRevocation(revocation);
    await this.#inTurn(() => this.#revoke(revocation));
  }

  /**
   * The revocations that hold, the newest first.
   *
   * @throws HubError `journal_unavailable`.
   */
  async list(): Promise<readonly KnownRevocation[]> {
    await this.#known();
    const expired = new Set(this.#expired(Date.now()));
    return [...this.#kept]
      .filter(([key]) => !expired.has(key))
      .map(([key, stored]) => knownOf(key.slice(PREFIX.length), stored))
      .toSorted((a, b) => b.at - a.at);
  }

  /**
   * Lets tokens in again that were revoked, in all processes of the journal. Resolves once that is
   * committed.
   *
   * @param id - See {@link KnownRevocation}.
   * @returns The revocation. Undefined if none has the id.
   * @throws HubError `journal_full` or `journal_unavailable`. Nothing has changed.
   */
  async withdraw(id: string): Promise<KnownRevocation | undefined> {
    return this.#inTurn(() => this.#withdraw(id));
  }

  /**
   * Handles one of the hub's notes from the journal. Undefined means that some notes may have been
   * missed.
   */
  noticed(note: JournalRecord | undefined): void {
    if (note === undefined) {
      this.#isReady = false;
      void this.#loadAll();
    } else if (note.data.startsWith(PREFIX)) void this.#load(note.data);
  }

  /** Waits until all earlier revocations are known. Requests do not wait for a journal that fails. */
  async #known(): Promise<void> {
    while (!this.#isReady) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #settle(failure?: HubError): void {
    this.#failure = failure;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #revoke(revocation: Revocation): Promise<void> {
    await this.#known();
    const now = Date.now();
    const { issuer, until = null } = revocation;
    // The other property may be present and undefined.
    const tokenId = "tokenId" in revocation ? revocation.tokenId : undefined;
    const [claim, value] = "subject" in revocation && !tokenId ? (["sub", revocation.subject] as const) : (["jti", tokenId ?? ""] as const);
    const key = await keyOf(claim, issuer, value);
    const old = this.#kept.get(key);
    const expired = this.#expired(now).filter((one) => one !== key);
    if (old === undefined && this.#kept.size - expired.length >= this.#limit) {
      throw new HubError(
        "too_many_revocations",
        `The hub keeps at most ${this.#limit} revocations. Replace the issuer's key, which refuses all its tokens, or raise the limit.`,
      );
    }
    // An earlier revocation that lasts longer keeps its end.
    const stored: StoredRevocation = {
      claim,
      issuer,
      value,
      at: Math.max(now, old?.at ?? 0),
      until: until === null || old?.until === null ? null : Math.max(until, old?.until ?? 0),
    };
    const step: StateStep = { key, value: JSON.stringify(stored), update: noteOf(this.#topic, key) };
    await this.#state.commit([...expired.map((one) => ({ key: one, value: undefined })), step]);
    this.#changes++;
    for (const one of expired) this.#forget(one);
    this.#keep(key, stored);
    this.#onRevoked((authorization) => concerns(stored, authorization));
  }

  async #withdraw(id: string): Promise<KnownRevocation | undefined> {
    await this.#known();
    const key = PREFIX + id;
    const stored = this.#kept.get(key);
    if (stored === undefined) return undefined;
    await this.#state.commit([{ key, value: undefined, update: noteOf(this.#topic, key) }]);
    this.#changes++;
    this.#forget(key);
    return knownOf(id, stored);
  }

  async #loadAll(): Promise<void> {
    const number = ++this.#loads;
    await this.#load(PREFIX);
    // Notes were missed since this reading began.
    if (number !== this.#loads) return;
    this.#isReady = true;
    this.#settle();
    const expired = this.#expired(Date.now());
    for (const key of expired) this.#forget(key);
    if (expired.length === 0) return;
    const steps = expired.map((key) => ({ key, value: undefined }));
    await this.#state.commit(steps).catch((error: unknown) => this.#logger.warn({ err: error }, "old revocations could not be dropped"));
  }

  /** Reads the entries whose keys begin with this prefix, or a single entry by its whole key. */
  async #load(prefix: string): Promise<void> {
    const loaded = new Map<string, StoredRevocation>();
    for (;;) {
      try {
        const before = this.#changes;
        loaded.clear();
        for await (const { key, value } of allEntries(this.#state, prefix)) {
          const stored = JSON.parse(value) as StoredRevocation;
          this.#keep(key, stored);
          loaded.set(key, stored);
        }
        // What was read may be older than a change of this process.
        if (before !== this.#changes) continue;
        // Others have withdrawn the missing ones.
        for (const key of prefix === PREFIX ? this.#kept.keys() : [prefix]) if (!loaded.has(key)) this.#forget(key);
        break;
      } catch (error) {
        // Until they are known no token can be judged.
        this.#notices.log("error", "unread", { err: error }, "the revocations could not be read; trying again");
        if (prefix === PREFIX && !this.#isReady) this.#settle(unreadable(error));
        await sleep(RETRY_MS);
      }
    }
    const [only] = loaded.values();
    if (only === undefined) return;
    this.#onRevoked(loaded.size === 1 ? (authorization) => concerns(only, authorization) : (authorization) => this.has(authorization));
  }

  #keep(key: string, stored: StoredRevocation): void {
    this.#kept.set(key, stored);
    this.#byClaim.set(nameOf(stored.claim, stored.issuer, stored.value), stored);
  }

  #forget(key: string): void {
    const stored = this.#kept.get(key);
    this.#kept.delete(key);
    if (stored !== undefined) this.#byClaim.delete(nameOf(stored.claim, stored.issuer, stored.value));
  }

  /** Keys of the revocations that can concern no token any more. */
  #expired(now: number): string[] {
    return [...this.#kept].flatMap(([key, { until }]) => (until !== null && until + this.#leewayMs <= now ? [key] : []));
  }
}

function unreadable(cause: unknown): HubError {
  return new HubError("journal_unavailable", "The revocations can't be read now, so no token is accepted. Try again in a moment.", {
    cause,
    retryAfterMs: RETRY_MS,
  });
}

function concerns({ claim, issuer, value, at }: StoredRevocation, authorization: Authorization): boolean {
  if (issuer !== authorization.issuer) return false;
  if (claim === "jti") return value === authorization.tokenId;
  return value === authorization.subject && (authorization.issuedAt === undefined || authorization.issuedAt <= at);
}

function knownOf(id: string, { claim, issuer, value, at, until }: StoredRevocation): KnownRevocation {
  const which = claim === "jti" ? { tokenId: value } : { subject: value };
  return { id, issuer, ...which, at, until: until ?? undefined };
}

function nameOf(claim: StoredRevocation["claim"], issuer: string, value: string): string {
  return JSON.stringify([claim, issuer, value]);
}

/** Makes one key per claim, for claims of any characters and any length. */
async function keyOf(claim: StoredRevocation["claim"], issuer: string, value: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(nameOf(claim, issuer, value)));
  return PREFIX + Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
