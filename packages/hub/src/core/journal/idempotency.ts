import type { Authorization } from "../matching/authorization.ts";
import { HubError } from "../errors.ts";
import { checkNames, namesOf } from "../names.ts";
import type { StateStep } from "./state.ts";
import type { TextUpdate, Update } from "../update/update.ts";

/** One attempt at an append that must happen once, however many attempts there are. */
export interface IdempotentAppend {
  /**
   * Names the append, the same in every attempt. Any text. The caller keeps the keys of different
   * publishers apart.
   */
  readonly key: string;
  /** The request, as any text. The same key with another text is a mistake, and appends nothing. */
  readonly request: string;
  /** At least one update, here or in a step. */
  readonly batch: readonly Update[];
  /** Changes of the shared table, in the same commit. Only if the journal has a shared table. */
  readonly steps?: readonly StateStep[] | undefined;
  /** Kept with the key for later attempts. Holds the part of the answer that offsets don't tell. */
  readonly answer?: string | undefined;
}

/** Outcome of the first attempt. */
export interface KnownAppend {
  readonly kind: "repeated";
  /**
   * Offsets of the first attempt's records, as {@link Journal.append} returned them. Records
   * trimmed since are included.
   */
  readonly offsets: readonly number[];
  readonly answer: string | undefined;
  /** The event ids of these records, if offsets belong to this process alone. */
  readonly ids?: readonly string[] | undefined;
}

/** The key belongs to another request. */
export interface ReusedKey {
  readonly kind: "reused";
}

/** Outcome of an attempt. With `repeated` and `reused` nothing was appended. */
export type AppendOutcome = (Omit<KnownAppend, "kind" | "answer"> & { readonly kind: "appended" }) | KnownAppend | ReusedKey;

/**
 * An optional capability of a {@link Journal}: remembers the keys of appends for as long as the
 * journal holds their records.
 *
 * Example of the repetition that this prevents: a publisher sends an update, the update is
 * committed, and the connection breaks before the answer. For the publisher, this looks the same as
 * an update that never arrived. Without a key, a retry may publish twice, and no retry may lose the
 * update.
 */
export interface JournalIdempotency {
  /**
   * Appends as {@link Journal.append} does, and keeps the key in the same commit. Appends nothing
   * if the key is known. An attempt that comes while the first is being committed waits for that
   * commit, in any process.
   *
   * A key is forgotten when the last record of its append is trimmed.
   *
   * @throws HubError `journal_full` or `journal_unavailable`. Nothing was appended, and the key is
   *   unchanged.
   */
  append(attempt: IdempotentAppend): Promise<AppendOutcome>;

  /**
   * Finds the outcome of the first attempt.
   *
   * @returns Undefined if the key is not known.
   * @throws HubError `journal_unavailable`.
   */
  find(attempt: Pick<IdempotentAppend, "key" | "request">): Promise<KnownAppend | ReusedKey | undefined>;
}

/** Options of a publish call. */
export interface PublishOptions {
  /**
   * Names the publish call, so that it can be retried after its answer was lost. As long as the
   * journal holds the updates, another attempt with the same key publishes nothing and gets the
   * same event ids. Printable ASCII, at most 255 characters. A UUID is good.
   */
  readonly idempotencyKey?: string | undefined;
}

/** A publisher's key. */
export interface IdempotencyKey {
  /** The key's owner. See {@link publisherOf}. */
  readonly publisher: string;
  readonly key: string;
}

/**
 * Owner of the keys of the journal's own processes. They share their keys, so another process may
 * go on after one has ended.
 */
export const OWN_PROCESS = "process";

/**
 * Finds whose keys an outside publisher shares: those of its token's issuer and subject, or of all
 * publishers without a token. So nobody can find out, or take, another publisher's key.
 *
 * A token without a subject names nobody. Its keys belong to the issuer's tokens that may publish
 * to the same topics. Another token for the same attempt finds the keys, and a token with other
 * rights does not.
 */
export function publisherOf(authorization: Authorization | undefined): string {
  if (authorization === undefined) return "anonymous";
  const { issuer, subject, publish } = authorization;
  const rights = (): readonly string[] => publish.map(({ type, pattern }) => `${type} ${pattern}`).toSorted();
  return `token ${JSON.stringify(subject === undefined ? [issuer, null, rights()] : [issuer, subject])}`;
}

const OPTIONS: ReadonlySet<string> = namesOf<PublishOptions>({ idempotencyKey: true });

/**
 * Reads the key from a program's options, whose types nothing has checked.
 *
 * @throws TypeError for another name. An update that differs from the request must not be
 *   published.
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

/**
 * Describes the request in the same words for each attempt. A delay counts from the attempt, so the
 * delay is compared and not the resulting time.
 */
export function requestText(updates: readonly TextUpdate[]): string {
  return JSON.stringify(
    updates.map(({ topic, data = "", id = "", type = "", retry, private: isPrivate = false, delayMs, deliverAt, ttlMs }) => {
      const topics = typeof topic === "string" ? [topic] : topic;
      return [topics, data, id, type, isPrivate, retry ?? null, delayMs ?? null, deliverAt?.getTime() ?? null, ttlMs ?? null];
    }),
  );
}
