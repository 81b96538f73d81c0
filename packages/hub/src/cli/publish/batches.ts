/** One item of a batch, with its size. */
export interface Sized {
  readonly bytes: number;
}

/** Limits at which a batch is full. */
export interface BatchLimits {
  readonly maxItems: number;
  /** An item that is larger gets a batch of its own. */
  readonly maxBytes: number;
  /** Time to wait for more after the first item, in milliseconds. */
  readonly lingerMs: number;
}

/**
 * Groups items into batches, in order. A batch holds the items that arrived since the last one, up
 * to the limits. While a batch is in use, at most one pending part is read, so backpressure reaches
 * the source of the input.
 *
 * When the input fails, the items before the failure are yielded first.
 */
export async function* inBatches<T extends Sized>(parts: AsyncIterable<readonly T[]>, limits: BatchLimits): AsyncGenerator<readonly T[]> {
  const input = parts[Symbol.asyncIterator]();
  const waiting: T[] = [];
  let next: Promise<Part<T>> | undefined;
  let ending: Extract<Part<T>, { kind: "end" | "failed" }> | undefined;

  try {
    for (;;) {
      let late: Promise<Part<T>> | undefined;
      let timer: ReturnType<typeof setTimeout> | undefined;
      while (ending === undefined && !isFull(waiting, limits)) {
        if (waiting.length > 0) {
          late ??= new Promise((resolve) => {
            timer = setTimeout(() => resolve({ kind: "late" }), limits.lingerMs);
          });
        }
        next ??= read(input);
        const part = await (late === undefined ? next : Promise.race([next, late]));
        if (part.kind === "late") break;
        next = undefined;
        if (part.kind === "items") for (const item of part.items) waiting.push(item);
        else ending = part;
      }
      clearTimeout(timer);
      if (waiting.length > 0) yield takeBatch(waiting, limits);
      else if (ending?.kind === "failed") throw ending.error;
      else if (ending !== undefined) return;
    }
  } finally {
    // A stuck input would not answer, and nobody waits for the answer.
    void input.return?.().catch(() => undefined);
  }
}

type Part<T> =
  | { readonly kind: "items"; readonly items: readonly T[] }
  | { readonly kind: "late" }
  | { readonly kind: "end" }
  | { readonly kind: "failed"; readonly error: unknown };

async function read<T>(input: AsyncIterator<readonly T[]>): Promise<Part<T>> {
  try {
    const { done, value } = await input.next();
    return done === true ? { kind: "end" } : { kind: "items", items: value };
  } catch (error) {
    return { kind: "failed", error };
  }
}

function isFull(waiting: readonly Sized[], limits: BatchLimits): boolean {
  return waiting.length >= limits.maxItems || countOf(waiting, limits) < waiting.length;
}

/** Counts the waiting items that fit into one batch. Returns at least 1 if any item waits. */
function countOf(waiting: readonly Sized[], limits: BatchLimits): number {
  let bytes = 0;
  let count = 0;
  for (const item of waiting) {
    bytes += item.bytes;
    if (count === limits.maxItems || (count > 0 && bytes > limits.maxBytes)) break;
    count += 1;
  }
  return count;
}

function takeBatch<T extends Sized>(waiting: T[], limits: BatchLimits): readonly T[] {
  return waiting.splice(0, countOf(waiting, limits));
}
