import { partOf } from "./memory.ts";
import { SourceError, type Source, type SourceContext, type SourceEvent } from "./source.ts";

/** {@link SourceContext} for several sources. */
export interface SourcesContext extends Omit<SourceContext, "report"> {
  /** @param name - Which of the sources it is about. */
  readonly report: (event: SourceEvent, name: string) => void;
}

/**
 * Runs several sources beside each other, until all are at their end or the signal aborts. Each has a part of the memory
 * under its name, so give a source its name for good. When one fails for good, the others finish what is
 * under way and end too.
 *
 * @throws SourceError that names the source; what `publish` or the memory rejected with.
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
