import { constants, copyFileSync, readdirSync, rmSync } from "node:fs";
import { chmod, copyFile, open } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Socket } from "node:net";
import { makeDirectory } from "../../../make-directory.ts";
import { findLog, mustExist } from "./current-place.ts";
import { elect } from "../processes/election.ts";
import { FILE_MODE } from "../files/file-operations.ts";
import { flushPath, identityPath } from "../files/identity.ts";
import type { LogPlace } from "../files/log-access.ts";
import { RemoteWriter } from "../processes/remote-writer.ts";
import { listSegments, segmentPath } from "../files/segment.ts";
import { SocketPlace } from "../processes/socket-place.ts";
import { LogStore } from "../writing/store.ts";
import { WriterServer } from "../processes/writer-server.ts";

const COPY_BYTES = 1024 * 1024;
/** Passes over a journal that is written meanwhile. Each pass copies what came during the last. */
const MOST_PASSES = 20;

/** Result of {@link declareRestored}. */
export interface DeclaredRestored {
  /** The new epoch. */
  readonly epoch: string;
  readonly head: number;
  readonly tail: number;
}

/**
 * Copies a log into another directory, while other processes may write it. The copy has every
 * update that was acknowledged before the last pass over the newest segment, which takes
 * milliseconds.
 *
 * @param to - Directory to make. An existing directory must be empty.
 * @returns The place that the copy has come to.
 * @throws Error if there is no log, the directory is not empty, or it can't be written.
 */
export async function backUp(directory: string, to: string): Promise<LogPlace> {
  mustExist(directory);
  makeDirectory(to);
  if (readdirSync(to).length > 0) throw new Error(`The directory ${to} is not empty. Name one that is, or does not exist.`);
  let copied: LogPlace | undefined;
  for (let pass = 1; ; pass++) {
    const { place } = await findLog(directory);
    await copyUpTo(directory, to, place, copied);
    const isDone = copied !== undefined && copied.segment === place.segment;
    copied = place;
    if (isDone || pass === MOST_PASSES) break;
  }
  // The name in the file is that of the original, so the copy is noticed.
  copyFileSync(identityPath(directory), identityPath(to));
  for (const name of readdirSync(to)) {
    await chmod(join(to, name), FILE_MODE);
    // A backup that a power cut takes away is no backup.
    flushPath(join(to, name));
  }
  flushPath(to);
  return copied;
}

/** Copies all that is not copied yet. Bytes of a segment never change once they are flushed. */
async function copyUpTo(directory: string, to: string, place: LogPlace, before: LogPlace | undefined): Promise<void> {
  const all = listSegments(directory).filter((first) => first <= place.segment);
  const isHeld = (next: number | undefined): boolean => next === undefined || next > place.head;
  for (const [i, first] of all.entries()) {
    if (!isHeld(all[i + 1])) continue;
    const source = segmentPath(directory, first, "log");
    const target = segmentPath(to, first, "log");
    const known = before !== undefined && first <= before.segment;
    if (first === place.segment) await copyRange(source, target, known && before.segment === first ? before.position : 0, place.position);
    else if (!known || before.segment === first) await copyIfThere(source, target);
    if (first !== place.segment) await copyIfThere(segmentPath(directory, first, "index"), segmentPath(to, first, "index"));
  }
  // The oldest segments may have been dropped meanwhile. A copy has no hole.
  const present = new Set(listSegments(directory));
  const gone = listSegments(to).filter((first) => !present.has(first));
  for (const first of gone) for (const part of ["log", "index", "table"] as const) rmSync(segmentPath(to, first, part), { force: true });
  for (const first of listSegments(directory, "table")) {
    if (first <= place.segment) await copyIfThere(segmentPath(directory, first, "table"), segmentPath(to, first, "table"));
  }
}

/** The table's older checkpoints, indexes and segments may be dropped during the copy. */
async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    if (!(error instanceof Error) || Reflect.get(error, "code") !== "ENOENT")
      throw new Error(`${basename(from)}: ${String(error)}`, { cause: error });
  }
}

async function copyRange(from: string, to: string, start: number, end: number): Promise<void> {
  const source = await open(from, "r");
  try {
    const target = await open(to, start === 0 ? "w" : "r+", FILE_MODE);
    try {
      const buffer = Buffer.allocUnsafe(COPY_BYTES);
      for (let at = start; at < end;) {
        const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, end - at), at);
        if (bytesRead === 0) throw new Error(`${from} is shorter than it was.`);
        await target.write(buffer, 0, bytesRead, at);
        at += bytesRead;
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/**
 * Declares that the data of a log were restored, when nothing else shows this, as after a disk was
 * set back to a snapshot. The log begins a new epoch, so that each subscriber that comes back is
 * told of a gap.
 *
 * @param markFile - As the journal is opened with.
 * @throws Error if there is no journal, or a process has the journal open.
 */
export async function declareRestored(directory: string, markFile?: string): Promise<DeclaredRestored> {
  mustExist(directory);
  const sockets = new SocketPlace(directory);
  const followers = new WriterServer();
  try {
    const elected = await elect(sockets, followers);
    if (elected?.role !== "writer") {
      const pid = elected === undefined ? undefined : await pidOf(elected.socket);
      throw new Error(`The journal in ${directory} is in use by process ${pid ?? "unknown"}. Stop the hub, then try again.`);
    }
    try {
      const store = await LogStore.open({ directory, markFile, isDeclared: true, onPutBack: () => undefined });
      const { epoch, head, tail } = store.place;
      await store.close();
      return { epoch, head, tail };
    } finally {
      sockets.retire(elected.number);
      followers.dismiss();
      elected.server.close();
    }
  } finally {
    followers.close();
    sockets.close();
  }
}

/** Asks a writer for the id of its process. */
function pidOf(socket: Socket): Promise<number | undefined> {
  return new Promise((resolve) => {
    const writer = new RemoteWriter(socket, { onPlace: () => writer.close(), onLeft: () => resolve(writer.pid) });
  });
}
