import { styleText } from "node:util";

/** One of the process's output streams, with what a command needs of it. */
export interface Output {
  /** Whether somebody looks at it, rather than a file or a pipe. */
  readonly isTerminal: boolean;
  /** Adds a style on a terminal that wants colours; elsewhere the text stays as it is. */
  style(format: "bold" | "dim" | "red" | "yellow" | "green", text: string): string;
  /**
   * Writes a line, and waits until the system has taken it: while the reader is behind, for as long as that lasts.
   *
   * @returns Whether it was taken, or there is nobody left to take it; false when the signal was aborted before.
   */
  line(text: string, signal?: AbortSignal): Promise<boolean>;
  /** Replaces the last line on a terminal; writes nothing elsewhere. */
  status(text: string): void;
}

/**
 * @param onClosed - Called when the reader has gone (`| head`). Default: what is written then is dropped, since a
 * lost reader of messages must not stop the work.
 */
export function createOutput(stream: NodeJS.WriteStream, onClosed: () => void = () => undefined): Output {
  const isTerminal = stream.isTTY;
  // https://no-color.org: "when present and not an empty string (regardless of its value), prevents the addition of ANSI color".
  const colours = isTerminal && (process.env.NO_COLOR ?? "") === "" && process.env.TERM !== "dumb";
  let statusShown = false;
  stream.on("error", onClosed);
  return {
    isTerminal,
    style: (format, text) => (colours ? styleText(format, text) : text),
    async line(text, signal) {
      const prefix = statusShown ? "\r\u001B[K" : "";
      statusShown = false;
      return await written(stream, `${prefix}${text}\n`, signal);
    },
    status(text) {
      if (!isTerminal) return;
      stream.write(`\r\u001B[K${text}`);
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
