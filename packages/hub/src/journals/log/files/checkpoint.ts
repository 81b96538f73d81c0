import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { StateEntry } from "../../../core/journal/state.ts";
import { ByteReader, ByteWriter } from "../entries/bytes.ts";
import { replaceFile } from "./file-operations.ts";
import { listSegments, segmentPath } from "./segment.ts";

const MAGIC: Buffer = Buffer.from("ARTTBL\0\u0001", "latin1");
/** Magic, checksum of the rest, first offset, number of changes, number of entries. */
const HEAD_BYTES = 28;
/** Checkpoints that are kept. The one before serves if the newest is damaged. */
const KEPT = 2;
const ENTRIES_PER_STEP = 256;

/** The shared table as of the beginning of a segment. */
export interface Checkpoint {
  /** First offset of the segment. */
  readonly first: number;
  /** Number of entries with steps that were appended before. */
  readonly changes: number;
  readonly entries: readonly StateEntry[];
}

/** Encodes a checkpoint, in steps. */
export function* encodeCheckpoint({ first, changes, entries }: Checkpoint, salt: number): Generator<undefined, Buffer> {
  const writer = new ByteWriter();
  writer.reserve(HEAD_BYTES);
  MAGIC.copy(writer.bytes);
  writer.length = 12;
  writer.double(first);
  writer.u32(changes);
  writer.u32(entries.length);
  for (const [i, { key, value }] of entries.entries()) {
    writer.text(key);
    writer.text(value);
    if (i % ENTRIES_PER_STEP === 0) yield;
  }
  const bytes = writer.bytes.subarray(0, writer.length);
  bytes.writeUInt32LE(crc32(bytes.subarray(12), salt), 8);
  return bytes;
}

/** @returns Undefined if there is none, or the file is not as written. */
export function readCheckpoint(directory: string, first: number, salt: number): Checkpoint | undefined {
  try {
    const bytes = readFileSync(segmentPath(directory, first, "table"));
    if (!bytes.subarray(0, 8).equals(MAGIC) || crc32(bytes.subarray(12), salt) !== bytes.readUInt32LE(8)) return undefined;
    const reader = new ByteReader(bytes, 12);
    if (reader.double() !== first) return undefined;
    const changes = reader.u32();
    const entries = Array.from({ length: reader.u32() }, () => ({ key: reader.text(), value: reader.text() }));
    return { first, changes, entries };
  } catch {
    return undefined; // The checkpoint before serves then.
  }
}

/** Writes a checkpoint, and removes those that are not kept. @returns The kept ones, rising. */
export async function writeCheckpoint(directory: string, first: number, bytes: Buffer): Promise<readonly number[]> {
  await replaceFile(segmentPath(directory, first, "table"), [bytes]);
  const all = listSegments(directory, "table");
  for (const old of all.slice(0, -KEPT)) await rm(segmentPath(directory, old, "table"), { force: true });
  return all.slice(-KEPT);
}
