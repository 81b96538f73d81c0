import type { Retention } from "../../../core/journal/journal.ts";

/** Largest and smallest length of a segment, if the retention does not say otherwise. */
const SEGMENT_BYTES = { most: 64 * 1024 * 1024, least: 256 * 1024 } as const;
/** Segments that the retention should have, so that dropping one does not drop much at once. */
const SEGMENTS = 8;
const TYPICAL_ENTRY_BYTES = 160;
/** Length of a segment by the length of the shared table, which is written for each segment. */
const TABLES = 2;
/** Most that a large table makes of a segment. Positions are numbers of 32 bits. */
const MOST_FOR_TABLE_BYTES: number = 1024 * 1024 * 1024;

/**
 * Length that a segment should not exceed, in bytes. Small retentions have small segments, because a segment goes as a
 * whole.
 */
export function segmentBytesFor({ maxBytes = Infinity, maxCount = Infinity }: Retention): number {
  const held = Math.min(maxBytes, maxCount * TYPICAL_ENTRY_BYTES);
  return Math.min(SEGMENT_BYTES.most, Math.max(SEGMENT_BYTES.least, Math.ceil(held / SEGMENTS)));
}

/**
 * Lengthens segments for a large shared table, so that checkpoints of the table write half as much
 * as the appends at the most.
 *
 * @param segmentBytes - See {@link segmentBytesFor}. @param tableBytes - Length of the table.
 */
export function segmentLimit(segmentBytes: number, tableBytes: number): number {
  return Math.max(segmentBytes, Math.min(TABLES * tableBytes, MOST_FOR_TABLE_BYTES));
}
