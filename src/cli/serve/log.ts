import { pino, type Logger } from "pino";
import type { Config } from "../config/config.ts";

/** The log: JSON lines on stderr. */
export interface Log {
  readonly logger: Logger;
  /** Writes what is still in memory, and resolves when it is out, or nobody takes it. */
  close(): Promise<void>;
}

/** How long a reader of the log may hold up the end of the process, in milliseconds. */
const CLOSE_MS = 1000;

/** A pipe takes a write up to this size as a whole: lines of several processes do not get into each other. */
const ATOMIC_BYTES = 4096;

/** Logs that a SIGHUP has no effect. */
export function noteHangUps(logger: Logger): void {
  process.on("SIGHUP", () =>
    logger.info({}, "SIGHUP has no effect: settings and keys are read at the start. Restart the server to have them read again."),
  );
}

/** Opens the log. It is written in the background, so a slow reader of it does not hold the hub up. */
export function openLog(level: Config["logLevel"]): Log {
  const stream = pino.destination({ dest: 2, sync: false, maxWrite: ATOMIC_BYTES });
  stream.on("error", () => {
    // Nobody reads the log any more (the pipe is closed), and there is nowhere left to say so.
  });
  return {
    logger: pino({ level, timestamp: pino.stdTimeFunctions.isoTime }, stream),
    async close() {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CLOSE_MS);
        for (const event of ["close", "error"]) {
          stream.once(event, () => {
            clearTimeout(timer);
            resolve();
          });
        }
        stream.end();
      });
    },
  };
}
