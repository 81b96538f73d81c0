import { HubError } from "../../core/errors.ts";
import type { IdempotentAppend, KnownAppend, ReusedKey } from "../../core/journal/idempotency.ts";
import { digestOf } from "../shared/digest.ts";
import { openEntry, sealEntry } from "./codec.ts";
import type { Databases } from "./format.ts";
import { rising } from "./rising.ts";

/** An attempt in the database's terms. */
export interface KeyedAppend {
  readonly digest: string;
  readonly request: string;
  readonly answer: string | undefined;
  /** Set in the transaction if the key is known. */
  known: KnownAppend | ReusedKey | typeof DAMAGED | undefined;
}

/** The stored key cannot be read, so it is not known whether the key was used for this request. */
export const DAMAGED = "damaged";

/**
 * Stored form of a key, as JSON with a sum. Has the digest of the request, the first and last
 * offset, and the answer if there is one.
 */
type StoredKey = readonly [request: string, first: number, last: number, answer?: string];

const DIGEST = /^[\w-]{43}$/;

export function keyedAppend({ key, request, answer }: Pick<IdempotentAppend, "key" | "request" | "answer">): KeyedAppend {
  return { digest: digestOf(key), request: digestOf(request), answer, known: undefined };
}

/** @throws HubError `journal_unavailable` if the stored key can't be read. */
export function readable(known: KeyedAppend["known"]): KnownAppend | ReusedKey | undefined {
  if (known !== DAMAGED) return known;
  throw new HubError("journal_unavailable", "The journal's entry for the idempotency key cannot be read. Publish with another key.", {
    cause: new Error("A row of an idempotency key is damaged."),
  });
}

/**
 * The keys of appends, in two databases: by their digests, and by the last offset of each append,
 * to forget them together. All methods except {@link find} run in write transactions, which also
 * make another attempt wait.
 */
export class IdempotencyKeys {
  readonly #keys: Databases["keys"];
  readonly #keyEnds: Databases["keyEnds"];

  constructor({ keys, keyEnds }: Pick<Databases, "keys" | "keyEnds">) {
    this.#keys = keys;
    this.#keyEnds = keyEnds;
  }

  find({ digest, request }: KeyedAppend): KeyedAppend["known"] {
    const stored = this.#keys.get(digest);
    if (stored === undefined) return undefined;
    const text = openEntry(digest, stored);
    if (text === undefined) return DAMAGED;
    const [firstRequest, first, last, answer] = JSON.parse(text) as StoredKey;
    if (firstRequest !== request) return { kind: "reused" };
    return { kind: "repeated", offsets: Array.from({ length: last + 1 - first }, (_, i) => first + i), answer };
  }

  remember({ digest, request, answer }: KeyedAppend, first: number, last: number): void {
    const stored: StoredKey = answer === undefined ? [request, first, last] : [request, first, last, answer];
    this.#keys.putSync(digest, sealEntry(digest, JSON.stringify(stored)));
    this.#keyEnds.putSync(last, digest);
  }

  /** Forgets the keys whose records were all trimmed. */
  forgetBefore(head: number): void {
    const ends = Array.from(rising(this.#keyEnds.getRange({ end: head })));
    for (const { key: last, value: digest } of ends) {
      // LMDB throws at a key that is too long. A damaged disk may make one up.
      if (DIGEST.test(digest)) this.#keys.removeSync(digest);
      this.#keyEnds.removeSync(last);
    }
  }
}
