import type { Authorization } from "../matching/authorization.ts";
import { HubError } from "../errors.ts";
import { checkNames, namesOf } from "../names.ts";
import type { StateStep } from "./state.ts";
import type { TextUpdate, Update } from "../update/update.ts";

/** One attempt at an append that must be made once, however often it is tried. */
export interface IdempotentAppend {
  /** Names the append, the same in every attempt. Any text: whoever appends keeps the keys of different publishers apart. */
  readonly key: string;
  /** What is asked for, as any text. The same key with another text is a mistake, and appends nothing. */
  readonly request: string;
  /** At least one update, here or in a step. */
  readonly batch: readonly Update[];
  /** Changes of the shared table, in the same commit. Only where the journal has one. */
  readonly steps?: readonly StateStep[] | undefined;
  /** Kept with the key, for later attempts: what offsets don't tell. */
  readonly answer?: string | undefined;
}

/** What the first attempt came to. */
export interface KnownAppend {
  readonly kind: "repeated";
  /** What the first attempt appended, as {@link Journal.append} returned it; records that were trimmed since included. */
  readonly offsets: readonly number[];
  readonly answer: string | undefined;
  /** The event ids of these records, where offsets are of this process alone and don't tell. */
  readonly ids?: readonly string[] | undefined;
}

/** The key belongs to another request. */
export interface ReusedKey {
  readonly kind: "reused";
}

/** What an attempt came to. Of `repeated` and `reused` nothing was appended. */
export type AppendOutcome = (Omit<KnownAppend, "kind" | "answer"> & { readonly kind: "appended" }) | KnownAppend | ReusedKey;

/**
 * An optional capability of a {@link Journal}: it remembers the keys of appends for as long as it holds what they appended.
 *
 * Example of the repetition that this prevents: a publisher sends an update, it is committed, and the connection breaks before the answer. The
 * publisher can't tell that from an update that never arrived. Without a key, trying again may publish twice, and not trying may lose it.
 */
export interface JournalIdempotency {
  /**
   * Appends as {@link Journal.append} does, and keeps the key in the same commit; where the key is known, appends nothing. An attempt
   * that comes while the first one is being committed waits for it, in whichever process that is.
   *
   * A key is forgotten when the last record of its append is trimmed.
   *
   * @throws HubError `journal_full` or `journal_unavailable`: nothing was appended, and the key is as it was.
   */
  append(attempt: IdempotentAppend): Promise<AppendOutcome>;

  /**
   * What became of the first attempt.
   *
   * @returns undefined where the key is not known.
   * @throws HubError `journal_unavailable`.
   */
  find(attempt: Pick<IdempotentAppend, "key" | "request">): Promise<KnownAppend | ReusedKey | undefined>;
}

/** How to publish, beside what. */
export interface PublishOptions {
  /**
   * Names the publishing, so that it can be tried again when its answer was lost: as long as the journal holds the updates, another attempt
   * with the same key publishes nothing and gets the same event ids. Printable ASCII, at most 255 characters; a UUID is good.
   */
  readonly idempotencyKey?: string | undefined;
}

/** A publisher's key. */
export interface IdempotencyKey {
  /** Who gave it; see {@link publisherOf}. */
  readonly publisher: string;
  readonly key: string;
}

/** The processes of the journal themselves, which share their keys: another one may go on where one has ended. */
export const OWN_PROCESS = "process";

/**
 * Whose keys a publisher from outside shares: those of its token's issuer and subject, or of all who have no token. So nobody can
 * find out, or take, a key of somebody else's.
 *
 * A token without a subject names nobody. Its keys are those of its issuer's tokens that may publish on the same topics: another token for the same attempt
 * finds them, and a token with other rights does not.
 */
export function publisherOf(authorization: Authorization | undefined): string {
  if (authorization === undefined) return "anonymous";
  const { issuer, subject, publish } = authorization;
  const rights = (): readonly string[] => publish.map(({ type, pattern }) => `${type} ${pattern}`).toSorted();
  return `token ${JSON.stringify(subject === undefined ? [issuer, null, rights()] : [issuer, subject])}`;
}

const OPTIONS: ReadonlySet<string> = namesOf<PublishOptions>({ idempotencyKey: true });

/**
 * The key among the options of a program, whose types nothing has checked.
 *
 * @throws TypeError for another name: an update that is not what it was asked to be must not be published.
 */
export function idempotencyKeyOf(options: PublishOptions = {}): string | undefined {
  if (typeof options !== "object" || options === null) throw new TypeError("The options of publish() are an object: { idempotencyKey }.");
  checkNames(options, OPTIONS, "publish()");
  const key: unknown = options.idempotencyKey;
  if (key === undefined || typeof key === "string") return key;
  throw new HubError("invalid_idempotency_key", "The idempotency key is not a text.");
}

/** @throws HubError `invalid_idempotency_key`. */
export function checkIdempotencyKey(key: string, maxBytes: number): void {
  if (key.length > maxBytes) throw new HubError("invalid_idempotency_key", `The idempotency key is longer than ${maxBytes} bytes.`);
  if (!/^[\x20-\x7e]+$/.test(key)) {
    throw new HubError(
      "invalid_idempotency_key",
      "The idempotency key is empty, or has other characters than printable ASCII. A UUID is a good one.",
    );
  }
}

/** What is asked for, in the same words for each attempt: a delay counts from the attempt, so it is not what comes of it that is compared. */
export function requestText(updates: readonly TextUpdate[]): string {
  return JSON.stringify(
    updates.map(({ topic, data = "", id = "", type = "", retry, private: isPrivate = false, delayMs, deliverAt, ttlMs }) => {
      const topics = typeof topic === "string" ? [topic] : topic;
      return [topics, data, id, type, isPrivate, retry ?? null, delayMs ?? null, deliverAt?.getTime() ?? null, ttlMs ?? null];
    }),
  );
}
