import { readFile, rm } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { StateEntry } from "../../../core/journal/state.ts";
import { nextTurn } from "../../../core/scheduler.ts";
import { restOf } from "../../../core/slices.ts";
import type { TableSnapshot } from "../../shared/table.ts";
import { ByteReader, ByteWriter } from "../entries/bytes.ts";
import { replaceFile } from "./file-operations.ts";
import { listSegments, segmentPath } from "./segment.ts";

const MAGIC: Buffer = Buffer.from("ARTTBL\0\u0001", "latin1");
/** Magic, first offset, number of changes, number of entries. The checksum of all stands at the end. */
const HEAD_BYTES = 24;
const SUM_BYTES = 4;
/** Checkpoints that are kept. The one before serves if the newest is damaged. */
const KEPT = 2;
const ENTRIES_PER_STEP = 256;
/** Bytes that are encoded and written at a time, so that no step is long. */
const PART_BYTES = 128 * 1024;
const SUM_STEP_BYTES = 1024 * 1024;

/** The shared table as of the beginning of a segment. */
export interface Checkpoint {
  /** First offset of the segment. */
  readonly first: number;
  /** Number of entries with steps that were appended before. */
  readonly changes: number;
  readonly entries: readonly StateEntry[];
}

/** A checkpoint to write, with entries from a snapshot of the table. */
export interface CheckpointToWrite extends Omit<Checkpoint, "entries"> {
  readonly snapshot: TableSnapshot;
}

/** Encodes a checkpoint, in parts. Each part changes with the next one. */
function* encodeCheckpoint({ first, changes, snapshot }: CheckpointToWrite, salt: number): Generator<Uint8Array, void> {
  const writer = new ByteWriter();
  let sum = salt;
  const part = (): Uint8Array => {
    const bytes = writer.bytes.subarray(0, writer.length);
    sum = crc32(bytes, sum);
    writer.clear();
    return bytes;
  };
  MAGIC.copy(writer.bytes);
  writer.length = MAGIC.length;
  writer.double(first);
  writer.u32(changes);
  writer.u32(snapshot.size);
  for (let entry = snapshot.next(); entry !== undefined; entry = snapshot.next()) {
    writer.text(entry.key);
    writer.text(entry.value);
    if (writer.length >= PART_BYTES) yield part();
  }
  yield part();
  writer.u32(sum);
  yield writer.bytes.subarray(0, writer.length);
}

/** Reads a checkpoint, in slices. @returns Undefined if there is none, or the file is not as written. */
export async function readCheckpoint(directory: string, first: number, salt: number): Promise<Checkpoint | undefined> {
  try {
    const bytes = await readFile(segmentPath(directory, first, "table"));
    return await restOf(decodeCheckpoint(bytes, first, salt), nextTurn);
  } catch {
    return undefined; // The checkpoint before serves then.
  }
}

function* decodeCheckpoint(bytes: Buffer, first: number, salt: number): Generator<undefined, Checkpoint | undefined> {
  const end = bytes.length - SUM_BYTES;
  if (end < HEAD_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  let sum = salt;
  for (let at = 0; at < end; at += SUM_STEP_BYTES) {
    sum = crc32(bytes.subarray(at, Math.min(end, at + SUM_STEP_BYTES)), sum);
    yield;
  }
  if (sum !== bytes.readUInt32LE(end)) return undefined;
  const reader = new ByteReader(bytes, MAGIC.length, end);
  if (reader.double() !== first) return undefined;
  const changes = reader.u32();
  const entries: StateEntry[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    entries.push({ key: reader.text(), value: reader.text() });
    if (left % ENTRIES_PER_STEP === 0) yield;
  }
  return { first, changes, entries };
}

/** Writes a checkpoint, and removes those that are not kept. @returns The kept ones, rising. */
export async function writeCheckpoint(directory: string, salt: number, point: CheckpointToWrite): Promise<readonly number[]> {
  await replaceFile(segmentPath(directory, point.first, "table"), encodeCheckpoint(point, salt));
  const all = listSegments(directory, "table");
  for (const old of all.slice(0, -KEPT)) await rm(segmentPath(directory, old, "table"), { force: true });
  return all.slice(-KEPT);
}
