import { createHash } from "node:crypto";

/**
 * A place in a journal of several partitions: the offset of the last record before it in each
 * partition.
 */
export type Vector = readonly number[];

/** Content of an event id. */
export interface ParsedVector {
  readonly epoch: string;
  /** One offset per partition. */
  readonly offsets: Vector;
  /** The partition of the update that the id names, or undefined if the id names a place alone. */
  readonly own: number | undefined;
}

const CURSOR = /^#([0-9A-Za-z]{8}):(!?[0-9a-z]{1,11}(?:\.!?[0-9a-z]{1,11})+)$/;
const OFFSET = /^!?(?:0|[1-9a-z][0-9a-z]*)$/;
const EPOCH_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * Formats a place as an event id: `#EPOCH:OFFSET.OFFSET…`, in base 36.
 *
 * @param own - The partition of the update that the id names, marked by `!`. With its offset the
 *   mark names the update, for any other offsets.
 */
export function formatVector(epoch: string, offsets: Vector, own?: number): string {
  let text = `#${epoch}:`;
  for (let i = 0; i < offsets.length; i++) {
    if (i > 0) text += ".";
    if (i === own) text += "!";
    text += (offsets[i] as number).toString(36);
  }
  return text;
}

/**
 * Parses an event id that {@link formatVector} made.
 *
 * @returns Undefined for any other text. Never throws, because peers may send any text.
 */
export function parseVector(text: string): ParsedVector | undefined {
  const parts = CURSOR.exec(text);
  if (parts === null) return undefined;
  const offsets: number[] = [];
  let own: number | undefined;
  for (const part of (parts[2] as string).split(".")) {
    const isOwn = part.startsWith("!");
    const offset = Number.parseInt(isOwn ? part.slice(1) : part, 36);
    if (!OFFSET.test(part) || !Number.isSafeInteger(offset) || (isOwn && own !== undefined)) return undefined;
    if (isOwn) own = offsets.length;
    offsets.push(offset);
  }
  return { epoch: parts[1] as string, offsets, own };
}

/**
 * The identity of all partitions together, which changes when any of their epochs changes. All hubs
 * compute the same.
 */
export function combinedEpoch(epochs: readonly string[]): string {
  let rest = createHash("sha256").update(epochs.join(" ")).digest().readBigUInt64BE();
  let epoch = "";
  for (let i = 0; i < 8; i++) {
    epoch += EPOCH_CHARACTERS.charAt(Number(rest % 62n));
    rest /= 62n;
  }
  return epoch;
}

export function sumOf(vector: Vector): number {
  let sum = 0;
  for (const offset of vector) sum += offset;
  return sum;
}
