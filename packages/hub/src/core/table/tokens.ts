import { type Authorization, invalidToken, retryAfterClock } from "../matching/authorization.ts";
import { HubError } from "../errors.ts";
import type { Grants } from "../matching/grants.ts";
import type { JournalRecord } from "../journal/journal.ts";
import type { JournalState } from "../journal/state.ts";
import type { Logger } from "../logger.ts";
import { type KnownRevocation, type Revocation, Revocations } from "./revocations.ts";
import type { Streams } from "../streams/streams.ts";
import type { Subjects } from "../streams/subjects.ts";

/** Verified tokens: whether they still hold, their revocation, and their renewal. */
export class Tokens {
  readonly #streams: Streams;
  readonly #subjects: Subjects;
  readonly #grants: Grants;
  readonly #logger: Logger;
  readonly #isClosed: () => boolean;
  readonly #revocations: Revocations | undefined;

  /**
   * @param options - `state`: the journal's shared table. Without a table, no token can be revoked.
   *   `topic`: of the notes of revocations. `limit`: most revocations kept. `leewayMs`: how long
   *   tokens are accepted after their end.
   */
  constructor(options: {
    streams: Streams;
    subjects: Subjects;
    grants: Grants;
    state: JournalState | undefined;
    topic: string;
    limit: number;
    leewayMs: number;
    /** Whether nothing may be written any more. */
    isClosed: () => boolean;
    logger: Logger;
  }) {
    const { state, topic, limit, leewayMs, logger } = options;
    this.#streams = options.streams;
    this.#subjects = options.subjects;
    this.#grants = options.grants;
    this.#logger = logger;
    this.#isClosed = options.isClosed;
    this.#revocations =
      state && new Revocations({ state, topic, limit, leewayMs, logger, onRevoked: (concerns) => this.#endStreams(concerns) });
  }

  /**
   * Checks a token again that was accepted before an await.
   *
   * @throws HubError `invalid_token` if the token was revoked, or has ended, since.
   */
  checkCurrent(authorization: Authorization | undefined): void {
    if (authorization === undefined) return;
    if (authorization.expiresAt <= Date.now()) throw invalidToken("it has ended meanwhile", retryAfterClock(0));
    if (this.#revocations?.has(authorization) === true) throw invalidToken("it is revoked meanwhile");
    this.#subjects.checkCurrent(authorization);
  }

  /** Tells whether a token is revoked. See {@link Revocations.isRevoked}. */
  isRevoked(authorization: Authorization): boolean | Promise<boolean> {
    return this.#revocations?.isRevoked(authorization) ?? false;
  }

  /**
   * Refuses tokens from now on, before their end, and ends their streams in every process of the
   * journal within a second.
   *
   * @throws HubError `too_many_revocations`, `journal_full` or `journal_unavailable`. Nothing was
   *   revoked. TypeError for a revocation that names no tokens.
   */
  async revoke(revocation: Revocation): Promise<void> {
    await this.revokeFor(undefined, revocation);
  }

  /** Revokes for an administrator outside this process, as {@link revoke} does. */
  async revokeFor(administrator: Authorization | undefined, revocation: Revocation): Promise<void> {
    if (this.#isClosed()) throw new HubError("draining", "The hub is shutting down. Revoke again in a moment.");
    if (!this.#revocations) throw new TypeError("Revoking needs a journal with a shared table (`state`), such as logJournal.");
    await this.#revocations.revoke(revocation);
    const { issuer, until, ...which } = revocation;
    this.#logger.info({ issuer, ...which, until, by: namesOf(administrator) }, "tokens are revoked");
  }

  /** The revocations that hold, the newest first. Without a shared table there is none. */
  async revocations(): Promise<readonly KnownRevocation[]> {
    return (await this.#revocations?.list()) ?? [];
  }

  /**
   * Lets revoked tokens in again.
   *
   * @returns Whether a revocation had the id.
   * @throws HubError `draining`, `journal_full` or `journal_unavailable`. Nothing has changed.
   */
  async withdrawFor(administrator: Authorization | undefined, id: string): Promise<boolean> {
    if (this.#isClosed()) throw new HubError("draining", "The hub is shutting down. Try again in a moment.");
    const withdrawn = await this.#revocations?.withdraw(id);
    if (withdrawn === undefined) return false;
    this.#logger.info({ ...withdrawn, by: namesOf(administrator) }, "a revocation is withdrawn");
    return true;
  }

  /**
   * Gives a subscriber a new token, without reconnecting. The token must have the same issuer and
   * subject. An id alone, which others may see, must not be enough to change another user's rights.
   *
   * @returns Whether such a subscriber exists.
   * @throws HubError `invalid_token` if a grant of the token cannot be evaluated.
   */
  renew(subscriberId: string, authorization: Authorization): boolean {
    const subscriber = this.#streams.roster.withToken(subscriberId);
    const old = subscriber?.authorization;
    if (subscriber === undefined || old === undefined || this.#revocations?.has(authorization) === true) return false;
    if (old.issuer !== authorization.issuer || old.subject === undefined || old.subject !== authorization.subject) return false;
    this.#streams.change(subscriber, subscriber.selection.withGrants(this.#grants.readable(authorization)), authorization);
    return true;
  }

  /** See {@link Revocations.noticed}. */
  noticed(note: JournalRecord | undefined): void {
    this.#revocations?.noticed(note);
  }

  #endStreams(concerns: (authorization: Authorization) => boolean): void {
    for (const subscriber of this.#streams.roster.tokenHolders()) {
      if (subscriber.authorization !== undefined && concerns(subscriber.authorization)) this.#streams.end(subscriber);
    }
  }
}

/** Names an administrator in the log. */
function namesOf(administrator: Authorization | undefined): object | undefined {
  return administrator && { issuer: administrator.issuer, subject: administrator.subject, tokenId: administrator.tokenId };
}
