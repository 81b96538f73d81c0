import { Failure } from "../errors.ts";

/** Longest line that is read, in bytes. An input without line ends must not fill the memory. */
const MAX_LINE_BYTES = 16 * 2 ** 20;

/** A line of the input, without its end. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * Splits bytes into lines at LF or CRLF. Splitting comes before decoding, so that only these two
 * end a line. Invalid bytes are blamed on their own line.
 *
 * @throws Failure with the line's number, for a line that is too long or not UTF-8.
 */
export async function* readLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Line[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let number = 0;
  const finish = (bytes: Buffer): Line => {
    number += 1;
    const end = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length;
    try {
      const text = decoder.decode(bytes.subarray(0, end));
      return { number, text: number === 1 ? text.replace(/^\uFEFF/, "") : text };
    } catch (error) {
      throw new LineError(number, "is not UTF-8 text. Encode binary data, for example as base64.", { cause: error });
    }
  };
  for await (const part of input) {
    const chunk = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      const rest = chunk.subarray(start, end);
      try {
        lines.push(finish(pending.length === 0 ? rest : Buffer.concat([...pending, rest])));
      } catch (error) {
        // Lines before the wrong line are still sent.
        if (lines.length > 0) yield lines;
        throw error;
      }
      pending = [];
      pendingBytes = 0;
      start = end + 1;
    }
    if (lines.length > 0) yield lines;
    if (start < chunk.length) {
      pending.push(chunk.subarray(start));
      pendingBytes += chunk.length - start;
      if (pendingBytes > MAX_LINE_BYTES) throw new LineError(number + 1, `is longer than ${MAX_LINE_BYTES} bytes.`);
    }
  }
  if (pendingBytes > 0) yield [finish(Buffer.concat(pending))];
}

/** A line of the input cannot be published. */
export class LineError extends Failure {
  constructor(line: number, problem: string, options?: ErrorOptions) {
    super(`Line ${line} ${problem}`, options);
  }
}
