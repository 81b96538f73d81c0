import { HubError } from "../../core/errors.ts";
import type { IdempotentAppend, KnownAppend, ReusedKey } from "../../core/journal/idempotency.ts";
import { digestOf } from "../shared/digest.ts";
import { openEntry, sealEntry } from "./codec.ts";
import type { Databases } from "./format.ts";
import { rising } from "./rising.ts";

/** An attempt, as the database knows it. */
export interface KeyedAppend {
  readonly digest: string;
  readonly request: string;
  readonly answer: string | undefined;
  /** Set when it turns out, in the transaction, that its key is known. */
  known: KnownAppend | ReusedKey | typeof DAMAGED | undefined;
}

/** What is stored of a key cannot be read: whether it was used for this request is not known. */
export const DAMAGED = "damaged";

/** What is stored of a key, as JSON with a sum: the digest of its request, the first and last offset, and the answer where there is one. */
type StoredKey = readonly [request: string, first: number, last: number, answer?: string];

const DIGEST = /^[\w-]{43}$/;

export function keyedAppend({ key, request, answer }: Pick<IdempotentAppend, "key" | "request" | "answer">): KeyedAppend {
  return { digest: digestOf(key), request: digestOf(request), answer, known: undefined };
}

/** @throws HubError `journal_unavailable` where it can't be read. */
export function readable(known: KeyedAppend["known"]): KnownAppend | ReusedKey | undefined {
  if (known !== DAMAGED) return known;
  throw new HubError("journal_unavailable", "What the journal knows of the idempotency key cannot be read. Publish with another key.", {
    cause: new Error("A row of an idempotency key is damaged."),
  });
}

/**
 * The keys of what was appended, in two databases: by their digests, and by the last offset that each appended, to forget them with it. All but
 * {@link find} runs in write transactions, which also are what makes another attempt wait.
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

  /** Forgets the keys of which everything was trimmed. */
  forgetBefore(head: number): void {
    const ends = Array.from(rising(this.#keyEnds.getRange({ end: head })));
    for (const { key: last, value: digest } of ends) {
      // LMDB throws at a key that is too long, as one might be that the disk made up.
      if (DIGEST.test(digest)) this.#keys.removeSync(digest);
      this.#keyEnds.removeSync(last);
    }
  }
}
