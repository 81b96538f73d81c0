import { writeHistory } from "./history-store.ts";
import type { StocksLogger } from "./options.ts";
import type { PriceHistory } from "./price-history.ts";

/** Interval of writing the history, in milliseconds. The journal has the prices of the time between. */
const INTERVAL_MS = 60_000;

/** Keeps a history in a file. */
export interface HistoryKeeper {
  /** Writes now, if there is something new. Never rejects: the log tells a failure. */
  save(): Promise<void>;
  /** Writes a last time, and no more. */
  close(): Promise<void>;
}

/** @param cursor - Returns the event id of the newest update in the history. */
export function keepHistory(path: string, history: PriceHistory, cursor: () => string, logger: StocksLogger): HistoryKeeper {
  let written = history.changes;
  let last = Promise.resolve();

  async function write(): Promise<void> {
    if (history.changes === written) return;
    written = history.changes;
    try {
      await writeHistory(path, history, cursor());
    } catch (error) {
      written = -1;
      logger.warn({ err: error, path }, "the history of prices could not be written; it is tried again in a minute");
    }
  }

  function save(): Promise<void> {
    last = last.then(write);
    return last;
  }

  const timer = setInterval(() => void save(), INTERVAL_MS);
  timer.unref();
  return {
    save,
    async close() {
      clearInterval(timer);
      await save();
    },
  };
}
