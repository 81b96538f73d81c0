import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { readSelfNamed, writeSelfNamed } from "./file-identity.ts";
import { KeyedHash, type TextHashes } from "./keyed-hash.ts";

/** Layout of the directory and its files. */
const FORMAT = 1;

/** The numbers that all files of a journal share. They never change. */
export interface Secrets {
  /** Start of all checksums, so that no text can pass for an entry of the log. */
  readonly salt: number;
  /** Key of the hashes of ids. Hashes of idempotency keys have a key that is derived from this one. */
  readonly key: readonly [number, number];
}

/** The identity of a journal, from its file `identity`. */
export interface Identity extends Secrets {
  readonly epoch: string;
  /** See `Journal.restoredUpTo`. */
  readonly restoredUpTo: number;
}

export function createSecrets(): Secrets {
  const bytes = randomBytes(12);
  return { salt: bytes.readUInt32LE(0), key: [bytes.readUInt32LE(4), bytes.readUInt32LE(8)] };
}

export function hashesOf({ key }: Secrets): TextHashes {
  const ids = new KeyedHash(...key);
  const derived = (number: number): number => ids.of(Buffer.from([number]), 0, 1);
  return { ids, keys: new KeyedHash(derived(0), derived(1)) };
}

export function identityPath(directory: string): string {
  return join(directory, "identity");
}

/**
 * Reads the identity of a journal.
 *
 * @returns Undefined if there is none, or it is damaged. `isOwn` is false for a copy.
 * @throws Error if the journal has a newer format.
 */
export function readIdentity(directory: string): { readonly identity: Identity; readonly isOwn: boolean } | undefined {
  const read = readSelfNamed(identityPath(directory));
  const [, line, sum] = /^(artesian log .*) ([0-9a-f]{8})\n$/.exec(read?.text ?? "") ?? [];
  if (read === undefined || line === undefined || sumOf(line) !== sum) return undefined;
  const [, , format, epoch, restoredUpTo, salt, k0, k1] = line.split(" ");
  if (format !== String(FORMAT)) {
    throw new Error(
      `The journal in ${directory} has format ${format}; this version of Artesian reads format ${FORMAT}. Use the version that wrote it, or another directory.`,
    );
  }
  const identity: Identity = {
    epoch: epoch as string,
    restoredUpTo: Number(restoredUpTo),
    salt: Number(salt),
    key: [Number(k0), Number(k1)],
  };
  return { identity, isOwn: read.isOwn };
}

/** Writes the identity in place of any other. @throws Error if the file can't be written. */
export function writeIdentity(directory: string, { epoch, restoredUpTo, salt, key }: Identity): void {
  const line = `artesian log ${FORMAT} ${epoch} ${restoredUpTo} ${salt} ${key.join(" ")}`;
  const fresh = `${identityPath(directory)}.new`;
  rmSync(fresh, { force: true });
  writeSelfNamed(fresh, `${line} ${sumOf(line)}\n`);
  flushPath(fresh);
  renameSync(fresh, identityPath(directory));
  flushPath(directory);
}

function sumOf(line: string): string {
  return crc32(line).toString(16).padStart(8, "0");
}

/** Waits until a file or a directory is on the disk. */
export function flushPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** First bytes of a segment. The last one is the number of the format. */
const MAGIC: Buffer = Buffer.from(`ARTLOG\0${String.fromCharCode(FORMAT)}`, "latin1");

/** Position of the first entry of a segment. Before it are a mark, {@link Secrets} and a checksum. */
export const SEGMENT_START = 24;

/** Makes the first bytes of a segment. */
export function segmentHead({ salt, key }: Secrets): Buffer {
  const head = Buffer.alloc(SEGMENT_START);
  MAGIC.copy(head);
  for (const [i, number] of [salt, ...key].entries()) head.writeUInt32LE(number, 8 + 4 * i);
  head.writeUInt32LE(crc32(head.subarray(0, 20)), 20);
  return head;
}

/** Reads {@link Secrets} from a segment, for when the identity is lost. */
export function readSecrets(path: string): Secrets | undefined {
  const fd = openSync(path, "r");
  try {
    const head = Buffer.alloc(SEGMENT_START);
    readSync(fd, head, 0, SEGMENT_START, 0);
    if (!head.subarray(0, 8).equals(MAGIC) || crc32(head.subarray(0, 20)) !== head.readUInt32LE(20)) return undefined;
    return { salt: head.readUInt32LE(8), key: [head.readUInt32LE(12), head.readUInt32LE(16)] };
  } finally {
    closeSync(fd);
  }
}
