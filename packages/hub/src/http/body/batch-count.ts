import { BACKSLASH, COMMA, OPEN_LIST, OPEN_OBJECT, QUOTE } from "./json-scan.ts";

const CLOSE_LIST = 0x5d;
const CLOSE_OBJECT = 0x7d;
const LF = 0x0a;
/** Bytes between two `yield`s, at some 2 ns each. */
const PART_LENGTH = 64 * 1024;
/** Shorter bodies cost little anyway. */
const COUNTED_BYTES = 16 * 1024;

/**
 * Tells whether a batch has too many updates, from its bytes. To decode and scan a mebibyte first
 * would cost some milliseconds, and garbage whose collection holds up the event loop for more.
 *
 * @param body - A JSON document, or lines of them. Invalid JSON is left to the parser.
 * @param most - Most items of a list, or most lines.
 */
export function* hasTooMany(body: Uint8Array, isLines: boolean, most: number): Generator<undefined, boolean> {
  if (body.length <= COUNTED_BYTES) return false;
  return yield* isLines ? hasMoreLines(body, most) : hasMoreItems(body, most);
}

function* hasMoreItems(body: Uint8Array, most: number): Generator<undefined, boolean> {
  let depth = 0;
  let commas = 0;
  let isInText = false;
  let pauseAt = PART_LENGTH;
  for (let i = 0; i < body.length; i++) {
    if (i >= pauseAt) {
      yield;
      pauseAt = i + PART_LENGTH;
    }
    const code = body[i];
    if (isInText) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) isInText = false;
    } else if (code === QUOTE) isInText = true;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      // A single object has no items.
      if (depth++ === 0 && code === OPEN_OBJECT) return false;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
    else if (code === COMMA && depth === 1 && ++commas >= most) return true;
  }
  return false;
}

/** Counts lines that begin an object. A blank line is no update. */
function* hasMoreLines(body: Uint8Array, most: number): Generator<undefined, boolean> {
  let lines = 0;
  let pauseAt = PART_LENGTH;
  for (let start = 0, end = 0; start < body.length; start = end + 1) {
    if (start >= pauseAt) {
      yield;
      pauseAt = start + PART_LENGTH;
    }
    end = body.indexOf(LF, start);
    if (end < 0) end = body.length;
    if (body[start] === OPEN_OBJECT && ++lines > most) return true;
  }
  return false;
}
