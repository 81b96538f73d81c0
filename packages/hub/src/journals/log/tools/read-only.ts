import { statSync } from "node:fs";
import type { Journal } from "../../../core/journal/journal.ts";
import { LogReader } from "../files/reader.ts";
import { listSegments, segmentPath } from "../files/segment.ts";
import { changesMissing } from "../writing/recovery.ts";
import { findLog, missingChangesOf } from "./current-place.ts";

/** A log that is read without becoming one of its processes. */
export interface ReadOnlyLog extends Pick<Journal, "read" | "head" | "tail" | "close"> {
  /** Undefined if the identity is missing or damaged. */
  readonly epoch: string | undefined;
  /** Whether a process wrote the log at the last look. */
  isOpen(): boolean;
  /** Why a hub does not start with this log, although it can be read. Undefined if it does. */
  readonly obstacle: string | undefined;
  /** Number of segments, and bytes of all files. */
  files(): { readonly segments: number; readonly bytes: number };
  /**
   * Looks how far the log has come.
   *
   * @throws Error if the log is gone, or has begun a new epoch.
   */
  look(): Promise<void>;
}

/**
 * Opens a log to read what it has now.
 *
 * @param onDamage - Called with a description if read data differ from the written data.
 * @param markFile - As the journal is opened with.
 * @throws Error if there is no log, or its newest segment cannot be read.
 */
export async function readLog(directory: string, onDamage: (what: string) => void, markFile?: string): Promise<ReadOnlyLog> {
  let found = await findLog(directory);
  const reader = await LogReader.open(directory, found.secrets.salt, found.place, { onDamage });
  const missing = missingChangesOf(directory, found, markFile);
  return {
    obstacle: missing === 0 ? undefined : `The journal in ${directory} ${changesMissing(missing)}`,
    epoch: found.identity?.identity.epoch,
    isOpen: () => found.isOpen,
    files: () => sizesOf(directory),
    read: (after, limits) => reader.page(after, limits),
    head: () => found.place.head,
    tail: () => found.place.tail,
    look: async () => {
      const next = await findLog(directory);
      if (next.place.epoch !== found.place.epoch || next.place.tail < found.place.tail) {
        throw new Error(`The journal in ${directory} is another one now: its data were put back or replaced.`);
      }
      found = next;
      reader.moveTo(next.place);
    },
    close: async () => reader.close(),
  };
}

function sizesOf(directory: string): { readonly segments: number; readonly bytes: number } {
  let bytes = 0;
  for (const part of ["log", "index", "table"] as const) {
    // The oldest ones may be dropped meanwhile.
    for (const first of listSegments(directory, part))
      bytes += statSync(segmentPath(directory, first, part), { throwIfNoEntry: false })?.size ?? 0;
  }
  return { segments: listSegments(directory).length, bytes };
}
