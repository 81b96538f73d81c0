import type { Dispatcher } from "./dispatcher.ts";
import type { Journal, JournalRecord } from "./journal.ts";

/** A record, with its frame where that was at hand. */
export interface WalkedRecord {
  readonly record: JournalRecord;
  readonly frame?: Uint8Array | undefined;
}

/** A step of a walk: records in order, or that the place is no longer held. */
export type Step =
  | { readonly kind: "records"; readonly entries: readonly WalkedRecord[] }
  | { readonly kind: "trimmed"; readonly head: number };

/**
 * Reads the next records after an offset, up to what was dispatched and no further: the rest arrives live.
 *
 * @param maxRecords - Most records, where that is less than a page.
 * @returns A promise only where the journal has to be asked.
 */
export function step(
  dispatcher: Dispatcher,
  journal: Journal,
  after: number,
  maxRecords: number = dispatcher.page.maxRecords,
): Step | Promise<Step> {
  const recent = dispatcher.ring.read(after, Math.min(maxRecords, dispatcher.page.maxRecords));
  if (recent !== undefined) return { kind: "records", entries: recent };
  const { position, page } = dispatcher;
  return journal.read(after, { ...page, maxRecords: Math.min(maxRecords, page.maxRecords) }).then((read): Step => {
    if (read.kind === "trimmed") return read;
    return { kind: "records", entries: read.records.filter((record) => record.offset <= position).map((record) => ({ record })) };
  });
}
