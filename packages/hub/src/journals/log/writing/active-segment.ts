import { nextTurn } from "../../../core/scheduler.ts";
import { restOf } from "../../../core/slices.ts";
import { EntryReader, scan } from "../entries/entry-reader.ts";
import type { FileOperations } from "../files/file-operations.ts";
import { HashTable } from "../files/hash-table.ts";
import { SEGMENT_START } from "../files/identity.ts";
import { SegmentWriter } from "../files/segment-writer.ts";
import type { Segments } from "../files/segments.ts";
import { SparseIndex } from "../files/sparse-index.ts";
import type { LogState, RecoveredLog } from "./recovery.ts";

/**
 * Begins the file of the records after the newest one, and takes it for the active segment.
 *
 * @param limit - Length that the segment should not exceed.
 * @param kind - `AFTER_GAP` if records before it are known to be gone. Otherwise 0.
 * @param onNamed - Called at the moment when the file gets its name, which may be that of the
 *   active segment.
 * @throws Error if the file can't be written. The active segment is then as before.
 */
export async function beginFile(
  { segments, identity }: Pick<RecoveredLog, "segments" | "identity">,
  { head, tail, total, changes }: LogState,
  files: FileOperations,
  limit: number,
  kind: number,
  onNamed: () => void,
): Promise<SegmentWriter> {
  const first = tail + 1;
  const writer = await SegmentWriter.create(
    segments.directory,
    files,
    identity,
    { at: Date.now(), first, head, total, changes, kind },
    limit,
    onNamed,
  );
  // A file without records is replaced.
  if (first === segments.active.first) segments.closeFile(segments.active);
  segments.list(first);
  segments.active.sparse = new SparseIndex(first, SEGMENT_START);
  segments.active.sparse.note(SEGMENT_START, writer.position - SEGMENT_START, first, 0);
  segments.active.texts = new HashTable();
  return writer;
}

/** Reads the active segment from its file, and tells whether all of its records are there. */
export async function isActiveWhole(segments: Segments, position: number, tail: number): Promise<boolean> {
  const { active } = segments;
  segments.closeFile(active);
  const entries = new EntryReader(segments.salt);
  entries.use({ fd: () => segments.fd(active), limit: position });
  const range = { position: SEGMENT_START, next: active.first, until: tail + 1 };
  const end = await restOf(
    scan(entries, range, () => undefined),
    nextTurn,
  );
  return end.position === position && end.next === tail + 1;
}
