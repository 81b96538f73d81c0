import type { Authorization } from "./authorization.ts";
import { HubError } from "./errors.ts";
import type { JournalRecord } from "./journal.ts";
import type { Logger } from "./logger.ts";
import { allEntries, type JournalState, type StateStep } from "./state.ts";
import { NOTE_TYPE, type Update } from "./update.ts";

/** Which tokens to revoke: one by its `jti`, or all that a subject has by its `sub`. */
export type Revocation = {
  /** The `iss` claim: ids and subjects are an issuer's own. */
  readonly issuer: string;
  /** When the last token concerned ends, in milliseconds since 1970; the revocation is kept until then. Default: it is kept for good. */
  readonly until?: number | undefined;
} & (
  | {
      /** The `jti` claim. */
      readonly tokenId: string;
    }
  | {
      /** The `sub` claim. Its tokens issued up to now are revoked, and those that do not say when they were issued. */
      readonly subject: string;
    }
);

/** As it is kept: what is compared, and until when, in milliseconds since 1970. */
interface StoredRevocation {
  readonly claim: "jti" | "sub";
  readonly issuer: string;
  readonly value: string;
  readonly at: number;
  readonly until: number | null;
}

const PREFIX = "revocation/";

/**
 * The tokens that are refused before their end. They are kept in the journal's shared table; a note in the journal, which reaches no
 * subscriber, tells every process at once.
 */
export class Revocations {
  readonly #state: JournalState;
  readonly #limit: number;
  readonly #topic: string;
  readonly #onRevoked: () => void;
  readonly #logger: Logger;
  /** By key in the table. */
  readonly #kept = new Map<string, StoredRevocation>();
  /** The newest for each claim, issuer and value. */
  readonly #byClaim = new Map<string, StoredRevocation>();
  /** Resolves once all that were made before are known. */
  #ready: Promise<void>;
  #isReady = false;

  /**
   * @param options - `topic`: of the notes; `limit`: most revocations kept; `onRevoked`: called when there are new ones.
   */
  constructor(options: { state: JournalState; topic: string; limit: number; onRevoked: () => void; logger: Logger }) {
    this.#state = options.state;
    this.#topic = options.topic;
    this.#limit = options.limit;
    this.#onRevoked = options.onRevoked;
    this.#logger = options.logger;
    this.#ready = this.#load(PREFIX);
  }

  /** Whether a token is revoked; a promise only while those that were made earlier are being read. */
  isRevoked(authorization: Authorization): boolean | Promise<boolean> {
    return this.#isReady ? this.has(authorization) : this.#ready.then(() => this.has(authorization));
  }

  /** Whether a token is among the revocations known so far. */
  has({ issuer, subject, tokenId, issuedAt }: Authorization): boolean {
    if (this.#byClaim.size === 0) return false;
    if (tokenId !== undefined && this.#byClaim.has(nameOf("jti", issuer, tokenId))) return true;
    const revoked = subject === undefined ? undefined : this.#byClaim.get(nameOf("sub", issuer, subject));
    return revoked !== undefined && (issuedAt === undefined || issuedAt <= revoked.at);
  }

  /**
   * Revokes, for all processes of the journal. Resolves once it is committed.
   *
   * @throws HubError `too_many_revocations`, `journal_full` or `journal_unavailable`; nothing was revoked.
   */
  async revoke(revocation: Revocation): Promise<void> {
    await this.#ready;
    const now = Date.now();
    const removals = this.#forgetOld(now);
    if (this.#kept.size >= this.#limit) {
      throw new HubError(
        "too_many_revocations",
        `The hub keeps at most ${this.#limit} revocations. Say when the tokens end, so that old ones can be dropped, or replace the issuer's key.`,
      );
    }
    const stored: StoredRevocation = {
      claim: "tokenId" in revocation ? "jti" : "sub",
      issuer: revocation.issuer,
      value: "tokenId" in revocation ? revocation.tokenId : revocation.subject,
      at: now,
      until: revocation.until ?? null,
    };
    const key = PREFIX + crypto.randomUUID();
    await this.#state.commit([...removals, { key, value: JSON.stringify(stored), update: this.#note(key) }]);
    this.#keep(key, stored);
    this.#onRevoked();
  }

  /** One of the hub's notes came by the journal; or, with nothing, some may have gone by unseen. */
  noticed(note: JournalRecord | undefined): void {
    if (note === undefined) this.#ready = this.#load(PREFIX);
    else if (note.data.startsWith(PREFIX) && !this.#kept.has(note.data)) this.#ready = this.#load(note.data);
  }

  async #load(prefix: string): Promise<void> {
    for (;;) {
      try {
        for await (const { key, value } of allEntries(this.#state, prefix)) this.#keep(key, JSON.parse(value) as StoredRevocation);
        break;
      } catch (error) {
        // Until they are known no token can be judged.
        this.#logger.error({ err: error }, "the revocations could not be read; trying again");
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
    this.#isReady = true;
    if (this.#kept.size > 0) this.#onRevoked();
    const removals = this.#forgetOld(Date.now());
    if (removals.length === 0) return;
    await this.#state.commit(removals).catch((error: unknown) => this.#logger.warn({ err: error }, "old revocations could not be dropped"));
  }

  #keep(key: string, stored: StoredRevocation): void {
    this.#kept.set(key, stored);
    const claim = nameOf(stored.claim, stored.issuer, stored.value);
    const known = this.#byClaim.get(claim);
    if (known === undefined || known.at < stored.at) this.#byClaim.set(claim, stored);
  }

  /** @returns The steps that take out what no token can be concerned by any more. */
  #forgetOld(now: number): StateStep[] {
    const steps: StateStep[] = [];
    for (const [key, stored] of this.#kept) {
      if (stored.until === null || stored.until > now) continue;
      steps.push({ key, value: undefined });
      this.#kept.delete(key);
      const claim = nameOf(stored.claim, stored.issuer, stored.value);
      if (this.#byClaim.get(claim) === stored) this.#byClaim.delete(claim);
    }
    return steps;
  }

  #note(key: string): Update {
    return { topics: [this.#topic], data: key, id: undefined, type: NOTE_TYPE, retry: undefined, private: true };
  }
}

function nameOf(claim: StoredRevocation["claim"], issuer: string, value: string): string {
  return JSON.stringify([claim, issuer, value]);
}
