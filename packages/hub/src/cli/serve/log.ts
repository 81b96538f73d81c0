import { format } from "node:util";
import { pino, type Logger } from "pino";
import type { Config } from "../config/config.ts";
import { EXIT } from "../errors.ts";
import { LineWriter } from "./line-writer.ts";

/** The log: JSON lines on stderr. */
export interface Log {
  readonly logger: Logger;
  /** Resolves when all lines so far are written, or nobody takes them. */
  close(): Promise<void>;
  /** Ends the process, after {@link close}. The code applies unless another was set. */
  end(code: number): void;
  /** Ends the process after a second if something still keeps it alive, such as a full pipe. */
  endSoon(code: number): void;
}

/** How long a reader of the log may delay the end of the process, in milliseconds. */
const CLOSE_MS = 1000;
/**
 * How long anything else may keep a finished process alive, such as a full pipe on stdout. In
 * milliseconds.
 */
const LINGER_MS = 1000;
/** How long a write may take until the system counts as blocking it, in milliseconds. */
const STUCK_MS = 1000;

/** Escapes the control characters that JSON leaves as they are. A terminal that shows the log would obey them. */
function escapeControls(line: string): string {
  return line.replaceAll(/[\u007f-\u009f]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
}

/** Opens the log. Lines are written in the background, so a slow reader does not delay the hub. */
export function openLog(level: Config["logLevel"]): Log {
  const writer = new LineWriter(2, (lines) => logger.warn({ lines }, "lines of the log are missing here: nobody took them"));
  const logger = pino({ level, timestamp: pino.stdTimeFunctions.isoTime }, { write: (line: string) => writer.write(escapeControls(line)) });
  const end = (code: number): void => {
    const exit = (): void => process.exit(process.exitCode ?? code);
    if (!writer.isWriting) exit();
    // Node waits for the write before it ends.
    else writer.afterWrite(STUCK_MS, (isStuck) => (isStuck ? process.kill(process.pid, "SIGKILL") : exit()));
  };
  return {
    logger,
    async close() {
      await writer.settled(CLOSE_MS);
      if (!writer.isWriting) writer.release();
    },
    end,
    endSoon: (code) => void setTimeout(() => end(code), LINGER_MS).unref(),
  };
}

/**
 * Makes the log the only output on stderr from now on. Warnings of Node, output of libraries and
 * the error that ends the process become log lines.
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
