import { existsSync } from "node:fs";
import { join } from "node:path";
import { nextTurn } from "../../../core/scheduler.ts";
import { restOf } from "../../../core/slices.ts";
import { reach } from "../processes/election.ts";
import { entryChanges, entryHead, entryTotal } from "../entries/entry.ts";
import { EntryReader, scan } from "../entries/entry-reader.ts";
import { refuseForeignFiles } from "../files/foreign-files.ts";
import { type Identity, identityPath, readIdentity, readSecrets, type Secrets, SEGMENT_START } from "../files/identity.ts";
import type { LogPlace } from "../files/log-access.ts";
import { Mark } from "../files/mark.ts";
import { RemoteWriter } from "../processes/remote-writer.ts";
import { listSegments, segmentPath } from "../files/segment.ts";
import { Segments } from "../files/segments.ts";
import { SocketPlace } from "../processes/socket-place.ts";

/** A log as a tool finds it, which writes nothing. */
export interface FoundLog {
  /** Undefined if the file is missing or damaged. */
  readonly identity: { readonly identity: Identity; readonly isOwn: boolean } | undefined;
  readonly secrets: Secrets;
  readonly place: LogPlace;
  /** Number of changes of the shared table. Undefined if a process writes the log. */
  readonly changes: number | undefined;
  /** Whether a process writes the log now. */
  readonly isOpen: boolean;
}

/**
 * Finds how far a log has come: by its writer if there is one, else from its files.
 *
 * @throws Error if there is no log, or its newest segment cannot be read.
 * @throws HubError `journal_unavailable` if its writer does not answer.
 */
export async function findLog(directory: string): Promise<FoundLog> {
  mustExist(directory);
  const identity = readIdentity(directory);
  const firsts = listSegments(directory);
  const secrets =
    identity?.identity ??
    firsts
      .toReversed()
      .map((first) => readSecrets(segmentPath(directory, first, "log")))
      .find(Boolean);
  if (secrets === undefined) throw new Error(`The journal in ${directory} is damaged: it has segments, but not what they belong to.`);
  const told = await askWriter(directory);
  if (told !== undefined) return { identity, secrets, place: told, changes: undefined, isOpen: true };
  const { epoch = "unknown0", restoredUpTo = 0 } = identity?.identity ?? {};
  const { changes, ...place } = await placeInFiles(directory, secrets);
  return { identity, secrets, place: { epoch, restoredUpTo, ...place }, changes, isOpen: false };
}

/**
 * Number of changes of the shared table that the mark knows of, and a closed log has no more. The
 * hub does not start then.
 *
 * @param markFile - As the journal is opened with. Default: `mark` in the directory.
 */
export function missingChangesOf(directory: string, { identity, changes }: FoundLog, markFile: string = join(directory, "mark")): number {
  if (identity?.isOwn !== true || changes === undefined) return 0;
  return new Mark(markFile).missingChanges(identity.identity.epoch, changes);
}

/** @throws Error if a directory holds no log, or may not be read. */
export function mustExist(directory: string): void {
  refuseForeignFiles(directory);
  let hasSegments = false;
  try {
    hasSegments = listSegments(directory).length > 0;
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    if (code !== "ENOENT") throw new Error(`The journal in ${directory} cannot be read: ${reasonOf(code, error)}`, { cause: error });
  }
  if (hasSegments || existsSync(identityPath(directory))) return;
  throw new Error(`There is no journal in ${directory}.`);
}

function reasonOf(code: unknown, error: unknown): string {
  if (code === "EACCES" || code === "EPERM") return "permission denied. Run the command as the user of the hub.";
  if (code === "ENOTDIR") return "it is no directory.";
  return error instanceof Error ? error.message : String(error);
}

/** Asks the process that writes for its place. @returns Undefined if there is none. */
export async function askWriter(directory: string): Promise<LogPlace | undefined> {
  const sockets = new SocketPlace(directory);
  try {
    const inside = await askHighest(sockets);
    if (inside !== undefined || sockets.isBeside || sockets.numbers().length === 0) return inside;
    sockets.goBeside();
    return await askHighest(sockets);
  } finally {
    sockets.close();
  }
}

async function askHighest(sockets: SocketPlace): Promise<LogPlace | undefined> {
  for (const number of sockets.numbers()) {
    const socket = await reach(sockets.pathOf(number));
    if (socket === "dead" || socket === "busy") continue;
    return new Promise((resolve, reject) => {
      const remote = new RemoteWriter(socket, {
        onPlace: (place) => {
          resolve(place);
          remote.close();
        },
        onLeft: (_open, reason) => (reason === undefined ? resolve(undefined) : reject(reason)),
      });
    });
  }
  return undefined;
}

/** The end of a log that no process writes. Bytes after the last sound entry were never acknowledged. */
async function placeInFiles(
  directory: string,
  { salt }: Secrets,
): Promise<Omit<LogPlace, "epoch" | "restoredUpTo"> & { readonly changes: number }> {
  const segments = new Segments(directory, salt);
  try {
    segments.list(Infinity);
    if (segments.all.length === 0)
      throw new Error(`The journal in ${directory} has no segments: all files NNNNNNNNNNNNNNNN.log are gone. Put a backup in its place.`);
    const { active } = segments;
    const entries = new EntryReader(salt);
    entries.use({ fd: () => segments.fd(active), limit: segments.length(active) });
    let head: number | undefined;
    let total = 0;
    let changes = 0;
    const work = scan(entries, { position: SEGMENT_START, next: active.first, mayBeTorn: true }, ({ bytes, at }) => {
      head = Math.max(head ?? 1, entryHead(bytes, at));
      total = entryTotal(bytes, at);
      changes = entryChanges(bytes, at);
    });
    const { next, position } = await restOf(work, nextTurn);
    if (head === undefined) throw new Error(`The newest segment, ${segmentPath(directory, active.first, "log")}, cannot be read.`);
    return { head: Math.min(head, next), tail: next - 1, bytes: total, segment: active.first, position, changes };
  } finally {
    segments.close();
  }
}
