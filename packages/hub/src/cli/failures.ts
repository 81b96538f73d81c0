import { hostname } from "node:os";
import { type Output, style } from "./terminal.ts";

/** The level of an error that ends the process, as Pino numbers it. */
const FATAL = 60;

/** Says on stderr why a command could not be done: to people, or as lines of a server's log that a program reads. */
export class Failures {
  /** Whether each failure is a line of JSON. Only a server's is, and only if nobody looks at it. */
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

/** A line as the log has it. The log's own library is not there yet when the first failures are. */
function logLine(msg: string): string {
  return JSON.stringify({ level: FATAL, time: new Date().toISOString(), pid: process.pid, hostname: hostname(), msg });
}
