import { encodeUtf8 } from "./bytes.ts";
import { Frame } from "./encoded-frame.ts";

const LF = 0x0a;
const CR = 0x0d;

/** Separates two lines of data. */
const NEXT_LINE = encodeUtf8("\ndata: ");

/** Bytes that each line break of the data adds to the event. */
export const LINE_BYTES: number = NEXT_LINE.length - 1;

/** Whether data has several lines. */
export function hasLineBreak(data: string): boolean {
  return data.includes("\n") || data.includes("\r");
}

/**
 * Begins a `data:` line at each line break. Works byte for byte, because a mebibyte of line breaks
 * as a string would cost a tenth of a second.
 *
 * @param start - Start of the data, after the event's other fields.
 * @param after - Bytes that follow the event in its frame.
 */
export function splitLines(event: Uint8Array, start: number, after: Uint8Array): Frame {
  /** End of the data, before the two LFs that end the event. */
  const end = event.length - 2;
  let length = event.length + after.length;
  for (let i = start; i < end; i++) {
    if (event[i] === LF) length += event[i - 1] === CR ? -1 : LINE_BYTES;
    else if (event[i] === CR) length += LINE_BYTES;
  }
  return Frame.filled(length, (split) => {
    split.set(event.subarray(0, start));
    let at = start;
    for (let i = start; i < end; i++) {
      const byte = event[i] as number;
      if (byte === LF && event[i - 1] === CR) continue;
      if (byte === LF || byte === CR) for (const next of NEXT_LINE) split[at++] = next;
      else split[at++] = byte;
    }
    split.set(event.subarray(end), at);
    split.set(after, at + 2);
  });
}

/** Tells whether data has more line breaks than that. CRLF is one line break. */
export function hasMoreLineBreaks(data: string, most: number): boolean {
  if (data.length <= most) return false;
  let count = 0;
  for (let at = data.indexOf("\n"); at >= 0 && count <= most; at = data.indexOf("\n", at + 1)) count++;
  for (let at = data.indexOf("\r"); at >= 0 && count <= most; at = data.indexOf("\r", at + 1)) {
    if (data.charCodeAt(at + 1) !== LF) count++;
  }
  return count > most;
}
