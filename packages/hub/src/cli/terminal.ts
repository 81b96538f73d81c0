import { styleText } from "node:util";

type Style = "bold" | "dim" | "red" | "yellow" | "green";

/** Text in a style. */
export interface Styled {
  readonly style: Style;
  readonly text: string;
}

/** Gives text a style. */
export function style(name: Style, text: string): Styled {
  return { style: name, text };
}

/** A line, or its parts. */
export type Line = string | Styled | readonly (string | Styled)[];

/**
 * Makes control characters visible, as in JSON: C0 controls except tab and line feed, DEL and C1
 * controls. A publisher or a server could otherwise overwrite lines, set the title, or fill the
 * clipboard.
 */
function shown(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t\n]/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** One of the process's output streams, reduced to the needs of a command. */
export interface Output {
  /** Whether the stream is a terminal, rather than a file or a pipe. */
  readonly isTerminal: boolean;
  /**
   * Writes a line, in its styles on a terminal with colours. Control characters are shown as
   * `\u001b`. Only a standard output that is no terminal gets them unchanged.
   *
   * Waits until the system has taken the line. The wait lasts as long as the reader is behind.
   *
   * @returns True if the line was taken, or nobody is left to take it. False if the signal was
   *   aborted before.
   */
  line(line: Line, signal?: AbortSignal): Promise<boolean>;
  /** Replaces the last line on a terminal. Writes nothing elsewhere. */
  status(text: string): void;
}

/**
 * @param onClosed - Called when the reader has gone (`| head`). Default: further lines are dropped,
 *   since a lost reader of messages must not stop the work.
 */
export function createOutput(stream: NodeJS.WriteStream, onClosed: () => void = () => undefined): Output {
  const isTerminal = stream.isTTY;
  // https://no-color.org: "when present and not an empty string (regardless of its value), prevents
  // the addition of ANSI color".
  const colours = isTerminal && (process.env.NO_COLOR ?? "") === "" && process.env.TERM !== "dumb";
  // A file or a pipe gets the data unchanged.
  const isExact = stream === process.stdout && !isTerminal;
  const render = (part: string | Styled): string => {
    const { text, style } = typeof part === "string" ? { text: part, style: undefined } : part;
    const safe = isExact ? text : shown(text);
    // Whether this stream wants colours is decided above. `styleText` itself would ask standard
    // output.
    return colours && style !== undefined ? styleText(style, safe, { validateStream: false }) : safe;
  };
  let statusShown = false;
  stream.on("error", onClosed);
  return {
    isTerminal,
    async line(line, signal) {
      const parts = typeof line === "string" || "style" in line ? [line] : line;
      const prefix = statusShown ? "\r\u001B[K" : "";
      statusShown = false;
      return await written(stream, `${prefix}${parts.map(render).join("")}\n`, signal);
    },
    status(text) {
      if (!isTerminal) return;
      stream.write(`\r\u001B[K${shown(text)}`);
      statusShown = true;
    },
  };
}

async function written(stream: NodeJS.WriteStream, text: string, signal: AbortSignal | undefined): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const abort = (): void => resolve(false);
    signal?.addEventListener("abort", abort);
    stream.write(text, () => {
      signal?.removeEventListener("abort", abort);
      resolve(true);
    });
    if (signal?.aborted === true) abort();
  });
}
