import { SourceError, type SourceContext } from "../source.ts";
import { deliver } from "./deliver.ts";
import type { LinesPlan } from "./options.ts";
import { createSplitter } from "./splitter.ts";

/** Publishes the lines of a stream. Lines that arrive during a batch form the next one. */
export async function readStream(plan: LinesPlan, stream: AsyncIterable<Uint8Array>, context: SourceContext): Promise<void> {
  const splitter = createSplitter(plan.maxLineBytes, 0);
  for await (const chunk of untilAborted(stream, context.signal)) {
    const lines = splitter.push(chunk);
    context.report({ kind: "fetched", changed: lines.length > 0, items: lines.length, bytes: chunk.length });
    await deliver(plan, lines, context);
  }
  // A pending line may be incomplete.
  const rest = context.signal.aborted ? undefined : splitter.end();
  if (rest !== undefined) await deliver(plan, [rest], context);
}

/** Ends an input when the signal is aborted, also while the input is idle. */
async function* untilAborted(input: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const iterator = input[Symbol.asyncIterator]();
  let stop: (() => void) | undefined;
  const onAbort = (): void => stop?.();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      const result = await new Promise<IteratorResult<Uint8Array> | undefined>((resolve, reject) => {
        stop = () => resolve(undefined);
        iterator.next().then(resolve, (error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          reject(new SourceError(`The input cannot be read: ${reason}`, { cause: error }));
        });
      });
      if (result === undefined || result.done === true) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
