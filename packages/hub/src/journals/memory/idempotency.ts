import type { IdempotentAppend, KnownAppend, ReusedKey } from "../../core/journal/idempotency.ts";
import { digestOf } from "../shared/digest.ts";

interface Known {
  readonly request: string;
  readonly offsets: readonly number[];
  readonly answer: string | undefined;
}

/** The keys of appends, oldest first. */
export class IdempotencyKeys {
  readonly #known = new Map<string, Known>();

  find({ key, request }: Pick<IdempotentAppend, "key" | "request">): KnownAppend | ReusedKey | undefined {
    const known = this.#known.get(digestOf(key));
    if (known === undefined) return undefined;
    if (known.request !== digestOf(request)) return { kind: "reused" };
    return { kind: "repeated", offsets: known.offsets, answer: known.answer };
  }

  remember({ key, request, answer }: IdempotentAppend, offsets: readonly number[]): void {
    this.#known.set(digestOf(key), { request: digestOf(request), offsets, answer });
  }

  /** Forgets the keys whose records were all trimmed. */
  forgetBefore(head: number): void {
    for (const [digest, { offsets }] of this.#known) {
      if ((offsets.at(-1) ?? 0) >= head) return;
      this.#known.delete(digest);
    }
  }
}
