/** One item of a batch, with what it counts for. */
export interface Sized {
  readonly bytes: number;
}

/** When a batch is full. */
export interface BatchLimits {
  readonly maxItems: number;
  /** An item that is larger makes a batch of its own. */
  readonly maxBytes: number;
  /** How long to wait for more once there is one, in milliseconds. */
  readonly lingerMs: number;
}

/**
 * Groups what arrives, in order: up to the limits, or what came while nobody took a batch. While a batch is
 * being worked on, nothing is read but the part under way, so the input is held back at its source.
 *
 * When the input fails, what came before is yielded first.
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
    // An input that is stuck would not answer, and nobody waits for it.
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

/** How many of the waiting items fit into one batch; at least one, where there is one. */
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
