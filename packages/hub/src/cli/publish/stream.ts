import { ClientError } from "artesian-client";
import { inBatches, type BatchLimits } from "./batches.ts";
import type { Item } from "./items.ts";
import { LineError } from "./lines.ts";
import { mayHaveArrived, send, type SenderOptions } from "./sender.ts";

/** Bounds of a batch, well below the hub's own limits of 1,000 updates and 1 MiB. */
const BATCH: BatchLimits = { maxItems: 500, maxBytes: 256 * 1024, lingerMs: 20 };

/** Lines of the input. Both ends are included. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** The reason why a run ended early. */
export interface StreamFailure {
  readonly error: Error;
  /** The lines that were sent and not acknowledged. Undefined if the input itself failed. */
  readonly lines: LineRange | undefined;
  /** Whether the hub may have taken the lines nevertheless. */
  readonly uncertain: boolean;
}

/** Options of `publishStream`. */
export interface StreamOptions extends Omit<SenderOptions, "idempotencyKey"> {
  /** Called with each batch that the hub has committed. */
  readonly onPublished: (items: readonly Item[], ids: readonly string[]) => Promise<void>;
}

/**
 * Sends updates in order, in atomic batches, one request at a time. Stops at the first failure,
 * because later updates must not overtake a failed batch.
 *
 * @returns Undefined if all updates were acknowledged.
 */
export async function publishStream(parts: AsyncIterable<readonly Item[]>, options: StreamOptions): Promise<StreamFailure | undefined> {
  const batches = inBatches(parts, BATCH);
  for (;;) {
    let batch: readonly Item[];
    try {
      const { done, value } = await batches.next();
      if (done === true) return undefined;
      batch = value;
    } catch (error) {
      if (error instanceof LineError) return { error, lines: undefined, uncertain: false };
      throw error;
    }
    const lines: LineRange = { first: batch[0]?.line ?? 0, last: batch.at(-1)?.line ?? 0 };
    let ids: readonly string[];
    try {
      ids = await send(
        batch.map((item) => item.update),
        options,
      );
    } catch (error) {
      await batches.return(undefined);
      if (error instanceof ClientError) return { error, lines, uncertain: mayHaveArrived(error) };
      throw error;
    }
    await options.onPublished(batch, ids);
  }
}

/** Ends an input without an error when the signal is aborted, also while the input is idle. */
export async function* untilAborted<T>(input: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = input[Symbol.asyncIterator]();
  let stop: (() => void) | undefined;
  const onAbort = (): void => stop?.();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      // Each step has its own promise. A shared promise would hold on to every result that it was
      // raced with.
      const result = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
        stop = () => resolve(undefined);
        iterator.next().then(resolve, reject);
      });
      if (result === undefined || result.done === true) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
