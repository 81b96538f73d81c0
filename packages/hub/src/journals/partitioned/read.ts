import { HubError } from "../../core/errors.ts";
import { type Journal, type JournalPage, type JournalRecord, type ReadLimits, recordBytes } from "../../core/journal/journal.ts";
import type { Merged } from "./merged.ts";

/** Most places that one read examines, if most of their records are not of interest. */
const LOOKED_AT = 65_536;

/**
 * Reads the records of some partitions after a place. A run of each partition is merged in the
 * order of this process.
 *
 * @param limits - `mask`: the partitions, one bit each.
 */
export async function readPage(
  after: number,
  { maxRecords, maxBytes, mask }: ReadLimits & { readonly mask: number },
  partitions: readonly Journal[],
  merged: Merged,
): Promise<JournalPage> {
  const { path } = merged;
  const trimmed = (): JournalPage => ({ kind: "trimmed", head: merged.firstHeld(mask) + 1 });
  // A damaged partition has a hole in the middle. A reader that is told of the hole must not begin
  // again.
  const trimmedUpTo = (head: number, partition: number): JournalPage => {
    const place = path.placeOf(partition, head - 1) ?? path.top.offset;
    return { kind: "trimmed", head: Math.max(after + 1, place, merged.firstHeld(mask)) + 1 };
  };
  if (after < path.base.offset || merged.isTrimmed(mask, Math.min(after, path.top.offset))) return trimmed();
  const end = Math.min(path.top.offset, after + LOOKED_AT);
  const wanted: { readonly place: number; readonly partition: number }[] = [];
  const counts = partitions.map(() => 0);
  let upTo = after;
  while (upTo < end && wanted.length < maxRecords) {
    const partition = path.partitionAt(++upTo);
    if ((mask & (1 << partition)) === 0) continue;
    wanted.push({ place: upTo, partition });
    (counts[partition] as number)++;
  }
  const from = [...path.vectorAt(Math.min(after, path.top.offset))];
  const pages: (JournalPage | undefined)[] = await Promise.all(
    counts.map(async (count, i) => {
      return count === 0 ? undefined : partitions[i]?.read(from[i] as number, { maxRecords: count, maxBytes });
    }),
  );
  const records: JournalRecord[] = [];
  const next = partitions.map(() => 0);
  let bytes = 0;
  for (const { place, partition } of wanted) {
    const page = pages[partition];
    const index = next[partition] as number;
    const record = page?.kind === "records" ? page.records[index] : undefined;
    if (record?.offset !== (from[partition] as number) + index + 1 || bytes >= maxBytes) {
      // The next record exceeds the byte limit, or is no longer held. Up to this place nothing else
      // is of interest.
      if (place > after + 1) return { kind: "records", records, upTo: place - 1 };
      if (page?.kind === "trimmed") return trimmedUpTo(page.head, partition);
      throw new HubError("journal_unavailable", "A part of the journal cannot be read. Try again in a moment.");
    }
    next[partition] = index + 1;
    records.push({ ...record, offset: place });
    bytes += recordBytes(record);
  }
  return { kind: "records", records, upTo };
}
