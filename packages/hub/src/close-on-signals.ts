import type { Logger } from "./core/logger.ts";
import { after } from "./core/scheduler.ts";

/** What is closed at a signal. */
export interface CloseOptions {
  /** Closed first, so that nobody new comes: a server of Node, or a Fastify instance. Default: none. */
  readonly server?: { close(): unknown; closeIdleConnections?(): void; closeAllConnections?(): void } | undefined;
  /** Default: SIGINT and SIGTERM. */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
}

/**
 * Time for requests under way once the hub is closed, in milliseconds. A closed server of Node waits
 * for half a request without end.
 */
const LAST_REQUESTS_MS = 5000;

/**
 * Closes a hub, and its server, at the first signal. A second signal ends the process at once, as
 * without this.
 *
 * @returns Stops waiting for signals.
 */
export function closeOnSignals(
  hub: { close(): Promise<void> },
  { server, signals = ["SIGINT", "SIGTERM"] }: CloseOptions,
  logger: Pick<Logger, "error">,
): () => void {
  const stop = (): void => {
    for (const signal of signals) process.removeListener(signal, close);
  };
  const closeServer = async (): Promise<void> => void (await server?.close());
  const closeHub = async (): Promise<void> => {
    await hub.close();
    // A stream has just left them.
    server?.closeIdleConnections?.();
    after(LAST_REQUESTS_MS, () => server?.closeAllConnections?.());
  };
  const close = (): void => {
    stop();
    // Begun in this order, and ended together: a server waits for its streams.
    const closing = [closeServer(), closeHub()];
    Promise.all(closing).catch((error: unknown) => logger.error({ err: error }, "the hub or its server could not be closed"));
  };
  for (const signal of signals) process.once(signal, close);
  return stop;
}
