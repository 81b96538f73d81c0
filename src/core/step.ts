import type { Dispatcher } from "./dispatcher.ts";
import type { Journal, JournalRecord } from "./journal.ts";

/** A record, with its frame where that was at hand. */
export interface WalkedRecord {
  readonly record: JournalRecord;
  readonly frame?: Uint8Array | undefined;
}

/** A step of a walk: records in order, or that the place is no longer held. */
export type Step =
  | {
      readonly kind: "records";
      readonly entries: readonly WalkedRecord[];
      /** There are no others of interest up to this offset; that of the walk at the tail. */
      readonly upTo: number;
    }
  | { readonly kind: "trimmed"; readonly head: number };

/**
 * Reads the next records after an offset, up to what was dispatched and no further: the rest arrives live.
 *
 * @param maxRecords - Most records, where that is less than a page.
 * @param topics - Only records with one of these are of interest; others may be among them. Default: all are.
 * @returns A promise only where the journal has to be asked.
 */
export function step(
  dispatcher: Dispatcher,
  journal: Journal,
  after: number,
  maxRecords: number = dispatcher.page.maxRecords,
  topics?: readonly string[],
): Step | Promise<Step> {
  const recent = dispatcher.ring.read(after, Math.min(maxRecords, dispatcher.page.maxRecords));
  if (recent !== undefined) return { kind: "records", entries: recent, upTo: recent.at(-1)?.record.offset ?? after };
  const { position, page } = dispatcher;
  return journal.read(after, { ...page, maxRecords: Math.min(maxRecords, page.maxRecords), topics }).then((read): Step => {
    if (read.kind === "trimmed") return read;
    const entries = read.records.filter((record) => record.offset <= position).map((record) => ({ record }));
    return { kind: "records", entries, upTo: Math.min(read.upTo ?? entries.at(-1)?.record.offset ?? after, Math.max(position, after)) };
  });
}
