import { hostname } from "node:os";
import { type Output, style } from "./terminal.ts";

/** Pino's number for the level of an error that ends the process. */
const FATAL = 60;

/** Reports a command's failures on stderr, as text for people or as log lines for programs. */
export class Failures {
  /** Whether each failure is a line of JSON. True for a server unless stderr is a terminal. */
  readonly areLogged: boolean;
  /** Whether a server fails, rather than a command that ends. */
  readonly areOfServer: boolean;
  readonly #stderr: Output;

  constructor(stderr: Output, areOfServer: boolean) {
    this.areOfServer = areOfServer;
    this.areLogged = areOfServer && !stderr.isTerminal;
    this.#stderr = stderr;
  }

  /** Writes one problem. */
  async tell(problem: string): Promise<void> {
    await this.#stderr.line(this.areLogged ? logLine(problem) : [style("red", "error:"), ` ${problem}`]);
  }
}

/** A line in the log's format. The first failures come before the log's own library is loaded. */
function logLine(msg: string): string {
  return JSON.stringify({ level: FATAL, time: new Date().toISOString(), pid: process.pid, hostname: hostname(), msg });
}
