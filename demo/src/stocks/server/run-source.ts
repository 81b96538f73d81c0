import { type Hub, HubError, type UpdateInput } from "artesian";
import { type Source, type SourceContext, SourceError, type SourceEvent, volatileMemory } from "artesian-sources";
import type { StocksLogger } from "./options.ts";
import { waitMs } from "./wait.ts";

/** The hub's temporary refusals. */
const TEMPORARY: readonly string[] = ["journal_full", "journal_unavailable"];
const RETRY_MS = { min: 250, max: 30_000 };

export interface RunOptions {
  readonly hub: Hub;
  readonly ttlMs: number;
  readonly logger: StocksLogger;
  readonly signal: AbortSignal;
}

/**
 * Runs a source into the hub until the signal is aborted, or the source has ended. Never rejects.
 * The log gives the reason of the end.
 */
export async function runSource(source: Source, options: RunOptions): Promise<void> {
  const { logger, signal } = options;
  const context: SourceContext = {
    publish: (updates) => publish(updates, options),
    memory: volatileMemory(),
    signal,
    report: (event) => log(event, logger),
  };
  try {
    await source.run(context);
    if (!signal.aborted) logger.info({}, "the source of prices is at its end");
  } catch (error) {
    if (signal.aborted) return;
    const why = error instanceof SourceError || error instanceof HubError ? error.message : "it failed";
    logger.error({ err: error }, `the source of prices has ended: ${why}`);
  }
}

async function publish(updates: readonly UpdateInput[], { hub, ttlMs, logger, signal }: RunOptions): Promise<void> {
  const batch = updates.map((update) => ({ ttlMs, ...update }));
  for (let delayMs = RETRY_MS.min; ; delayMs = Math.min(RETRY_MS.max, delayMs * 2)) {
    try {
      await hub.publishBatch(batch);
      return;
    } catch (error) {
      if (signal.aborted || !(error instanceof HubError) || !TEMPORARY.includes(error.code)) throw error;
      logger.warn({ err: error, delayMs }, "prices wait for the journal");
      await waitMs(delayMs, signal);
    }
  }
}

function log(event: SourceEvent, logger: StocksLogger): void {
  if (event.kind === "warning") logger.warn({}, event.message);
  if (event.kind === "failed") logger.warn({ err: event.error, retryInMs: event.retryInMs }, "prices could not be fetched");
}
