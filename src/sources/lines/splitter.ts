/** A line of the input, without its end. */
export interface Line {
  /** Where it begins: bytes from the start of the input. */
  readonly at: number;
  /** The text, cut where it was too long. */
  readonly text: string;
  /** Whether it was too long. */
  readonly long: boolean;
}

/** Splits bytes into lines. */
export interface Splitter {
  /** Takes the next bytes. @returns The lines that they complete. */
  push(chunk: Uint8Array): Line[];
  /** The line under way, when nothing follows; undefined where there is none. */
  end(): Line | undefined;
  /** Bytes from the start of the input to the end of the last whole line. */
  readonly offset: number;
}

const LF = 0x0a;
const CR = 0x0d;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Splits at LF or CRLF. Bytes are split before they are decoded, so a character that comes in two chunks stays whole; bytes
 * that are no UTF-8 become U+FFFD. Of a line no more than the bound is held.
 *
 * @param offset - Where in the input the first chunk begins.
 */
export function createSplitter(maxLineBytes: number, offset: number): Splitter {
  // Two more than the bound: for a CR that is no part of the line, and to see whether the cut is in a character.
  const kept = Buffer.allocUnsafe(Math.min(maxLineBytes, 65_536) + 2);
  let buffer = kept;
  let bytes = 0;
  let at = offset;
  const keep = (part: Uint8Array): void => {
    const room = Math.max(0, Math.min(maxLineBytes + 2 - bytes, part.length));
    if (bytes + room > buffer.length && room > 0) {
      buffer = Buffer.concat([buffer.subarray(0, bytes)], Math.min(maxLineBytes + 2, 2 * (bytes + room)));
    }
    buffer.set(part.subarray(0, room), Math.min(bytes, buffer.length));
    bytes += part.length;
  };
  const take = (endBytes: number): Line => {
    const line = lineOf(buffer, bytes, at, maxLineBytes);
    at += bytes + endBytes;
    bytes = 0;
    buffer = kept;
    return line;
  };
  return {
    push(chunk) {
      const lines: Line[] = [];
      let start = 0;
      for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
        keep(chunk.subarray(start, end));
        lines.push(take(1));
        start = end + 1;
      }
      keep(chunk.subarray(start));
      return lines;
    },
    end: () => (bytes === 0 ? undefined : take(0)),
    get offset() {
      return at;
    },
  };
}

function lineOf(buffer: Buffer, bytes: number, at: number, maxLineBytes: number): Line {
  const length = bytes <= maxLineBytes + 1 && buffer[bytes - 1] === CR ? bytes - 1 : bytes;
  const long = length > maxLineBytes;
  const text = decoder.decode(buffer.subarray(0, long ? cutBefore(buffer, maxLineBytes) : length));
  return { at, text: at === 0 ? text.replace(/^\uFEFF/, "") : text, long };
}

/** The last place that is not within a character: continuation bytes are 10xxxxxx. */
function cutBefore(buffer: Buffer, end: number): number {
  let cut = end;
  while (cut > 0 && ((buffer[cut] ?? 0) & 0xc0) === 0x80) cut -= 1;
  return cut;
}
