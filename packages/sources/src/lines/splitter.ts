import { isUtf8 } from "node:buffer";

/** A line of the input, without its end. */
export interface Line {
  /** Start of the line, in bytes from the start of the input. */
  readonly at: number;
  /** The text, cut if it was too long. */
  readonly text: string;
  /** Whether it was too long. */
  readonly long: boolean;
  /** The encoding, if the bytes are not UTF-8. */
  readonly encoding?: "utf-16" | "unknown" | undefined;
}

/** Splits bytes into lines. */
export interface Splitter {
  /**
   * Takes the next bytes.
   *
   * @returns The lines that they complete.
   */
  push(chunk: Uint8Array): Line[];
  /** The pending line at the end of the input, or undefined if there is none. */
  end(): Line | undefined;
  /** Bytes from the start of the input to the end of the last whole line. */
  readonly offset: number;
}

const LF = 0x0a;
const CR = 0x0d;
const NUL = 0x00;

/** Fewer zeros in a row are text, either UTF-16 or separators of another program. */
const MIN_HOLE = 2;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Splits at LF or CRLF. Zeros in front of a line are no part of the line, and several in a row end
 * a line. Zeros appear where a file was truncated under its writer, who continues at the old
 * offset. They also appear where a crash has cut off a write.
 *
 * Bytes are split before they are decoded, so a character that is split between two chunks stays
 * whole. Invalid bytes become U+FFFD. Of a line, no more than the bound is held.
 *
 * @param offset - Offset of the first chunk in the input.
 */
export function createSplitter(maxLineBytes: number, offset: number): Splitter {
  // Two more than the bound: for a CR that is no part of the line, and to see whether the cut
  // splits a character.
  const kept = Buffer.allocUnsafe(Math.min(maxLineBytes, 65_536) + 2);
  let buffer = kept;
  let bytes = 0;
  let at = offset;
  /** Zeros in front of the pending line, and zeros that may turn out to be a part of the line. */
  let before = 0;
  let zeros = 0;
  /** Whether zeros have ended a line. A line end after them is the same end. */
  let ended = false;
  const keep = (part: Uint8Array): void => {
    const room = Math.max(0, Math.min(maxLineBytes + 2 - bytes, part.length));
    if (bytes + room > buffer.length && room > 0) {
      buffer = Buffer.concat([buffer.subarray(0, bytes)], Math.min(maxLineBytes + 2, 2 * (bytes + room)));
    }
    buffer.set(part.subarray(0, room), Math.min(bytes, buffer.length));
    bytes += part.length;
  };
  const take = (endBytes: number): Line => {
    const line = lineOf(buffer, bytes, at + before, maxLineBytes);
    at += before + bytes + endBytes;
    bytes = before = 0;
    buffer = kept;
    return line;
  };
  /** Decides the meaning of pending zeros, now that something follows them. */
  const settleZeros = (lines: Line[]): void => {
    if (bytes === 0) before += zeros;
    else if (zeros >= MIN_HOLE) {
      lines.push(take(zeros));
      ended = true;
    } else if (zeros > 0) keep(new Uint8Array(zeros));
    zeros = 0;
  };
  /** Takes bytes without zeros. */
  const takeText = (text: Uint8Array, lines: Line[]): void => {
    settleZeros(lines);
    let start = 0;
    if (ended && text[0] === LF) at += start = 1;
    ended = false;
    for (let end = text.indexOf(LF, start); end >= 0; end = text.indexOf(LF, start)) {
      keep(text.subarray(start, end));
      lines.push(take(1));
      start = end + 1;
    }
    keep(text.subarray(start));
  };
  return {
    push(chunk) {
      const lines: Line[] = [];
      let start = 0;
      while (start < chunk.length) {
        const zero = chunk.indexOf(NUL, start);
        const end = zero === -1 ? chunk.length : zero;
        if (end > start) takeText(chunk.subarray(start, end), lines);
        start = end;
        while (chunk[start] === NUL) start += 1;
        zeros += start - end;
      }
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
  const line = buffer.subarray(0, long ? cutBefore(buffer, maxLineBytes) : length);
  // Concatenated files have a byte order mark in front of each.
  const text = decoder.decode(line).replace(/^\uFEFF/, "");
  if (isUtf16(line)) return { at, text, long, encoding: "utf-16" };
  return isUtf8(line) ? { at, text, long } : { at, text, long, encoding: "unknown" };
}

/**
 * Detects UTF-16 by the byte order mark, or by zeros in every other byte if reading began in the
 * middle of a log.
 */
function isUtf16(line: Buffer): boolean {
  if ((line[0] === 0xff && line[1] === 0xfe) || (line[0] === 0xfe && line[1] === 0xff)) return true;
  if (line.length < 4 || !line.includes(NUL)) return false;
  const zeros = line.reduce((sum, byte) => sum + (byte === NUL ? 1 : 0), 0);
  return zeros / line.length > 0.4;
}

/** The last index that does not split a character. Continuation bytes are 10xxxxxx. */
function cutBefore(buffer: Buffer, end: number): number {
  let cut = end;
  while (cut > 0 && ((buffer[cut] ?? 0) & 0xc0) === 0x80) cut -= 1;
  return cut;
}
