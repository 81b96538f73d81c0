import { format } from "node:util";
import { pino, type Logger } from "pino";
import type { Config } from "../config/config.ts";
import { EXIT } from "../errors.ts";
import { LineWriter } from "./line-writer.ts";

/** The log: JSON lines on stderr. */
export interface Log {
  readonly logger: Logger;
  /** Resolves when what was logged so far is out, or nobody takes it. */
  close(): Promise<void>;
  /** Ends the process, after {@link close}. The code is taken unless another one was set. */
  end(code: number): void;
  /** Ends the process if something still keeps it alive in a second, such as a full pipe. */
  endSoon(code: number): void;
}

/** How long a reader of the log may hold up the end of the process, in milliseconds. */
const CLOSE_MS = 1000;
/** How long anything else may keep a process alive that has done its work, such as a full pipe on stdout. In milliseconds. */
const LINGER_MS = 1000;

/** Logs that a SIGHUP has no effect. */
export function noteHangUps(logger: Logger): void {
  process.on("SIGHUP", () =>
    logger.info({}, "SIGHUP has no effect: settings and keys are read at the start. Restart the server to have them read again."),
  );
}

/** Opens the log. It is written in the background, so a slow reader of it does not hold the hub up. */
export function openLog(level: Config["logLevel"]): Log {
  const writer = new LineWriter(2, (lines) => logger.warn({ lines }, "lines of the log are missing here: nobody took them"));
  const logger = pino({ level, timestamp: pino.stdTimeFunctions.isoTime }, writer);
  const end = (code: number): void => {
    // The process would wait for the write.
    if (writer.isStuck) process.kill(process.pid, "SIGKILL");
    else process.exit(process.exitCode ?? code);
  };
  return {
    logger,
    async close() {
      await writer.settled(CLOSE_MS);
      if (!writer.isStuck) writer.release();
    },
    end,
    endSoon: (code) => void setTimeout(() => end(code), LINGER_MS).unref(),
  };
}

/**
 * Makes the log the only thing on stderr from now on: warnings of Node, the words of libraries, and the error that ends the process are lines of it.
 */
export function logAllElse(logger: Logger): void {
  // Node's own listener prints.
  process.removeAllListeners("warning");
  process.on("warning", (warning) => logger.warn({ err: warning }, "Node or a library warns"));
  for (const [method, level] of [
    ["error", "error"],
    ["warn", "warn"],
    ["info", "info"],
    ["log", "info"],
    ["debug", "debug"],
  ] as const) {
    console[method] = (...parts: readonly unknown[]) => logger[level]({ from: `console.${method}` }, format(...parts));
  }
  process.on("uncaughtException", (error) => {
    logger.fatal({ err: error }, "an error that nothing caught ends the process; what was acknowledged is in the journal");
    process.exit(EXIT.failure);
  });
}
