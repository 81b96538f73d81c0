import { partOf } from "./memory.ts";
import { SourceError, type Source, type SourceContext, type SourceEvent } from "./source.ts";

/** {@link SourceContext} for several sources. */
export interface SourcesContext extends Omit<SourceContext, "report"> {
  /** @param name - The source of the event. */
  readonly report: (event: SourceEvent, name: string) => void;
}

/**
 * Runs several sources side by side, until all have ended or the signal aborts. Each source has a
 * part of the memory under its name, so never change the name. When one fails permanently, the
 * others finish pending work and end too.
 *
 * @throws SourceError with the name of the source.
 * @throws The rejection of `publish` or the memory.
 */
export async function runSources(sources: Readonly<Record<string, Source>>, context: SourcesContext): Promise<void> {
  const stop = new AbortController();
  const abort = (): void => stop.abort(context.signal.reason);
  context.signal.addEventListener("abort", abort);
  if (context.signal.aborted) abort();
  let failure: { readonly error: unknown } | undefined;
  const run = async (name: string, source: Source): Promise<void> => {
    try {
      await source.run({
        publish: context.publish,
        memory: partOf(context.memory, name),
        signal: stop.signal,
        report: (event) => context.report(event, name),
      });
    } catch (error) {
      failure ??= { error: error instanceof SourceError ? new SourceError(`${name}: ${error.message}`, { cause: error }) : error };
      stop.abort(error);
    }
  };
  try {
    await Promise.all(Object.entries(sources).map(([name, source]) => run(name, source)));
  } finally {
    context.signal.removeEventListener("abort", abort);
  }
  if (failure !== undefined) throw failure.error;
}
