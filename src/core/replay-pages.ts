import { joinBytes } from "./bytes.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { isExpired, type Journal, type JournalRecord, recordBytes } from "./journal.ts";
import type { Selection } from "./selection.ts";
import { type Step, step, type WalkedRecord } from "./step.ts";

/** Most bytes that a replay writes before it knows that the socket took them: the memory of a slow reader. */
const CHUNK_BYTES = 32 * 1024;
/** Most that is kept of pages that were read. */
const KEPT_BYTES = 8 * 1024 * 1024;
const KEPT_PAGES = 128;

/** What one write of a replay carries. */
export interface Chunk {
  /** It is for those who have everything up to here. */
  readonly after: number;
  readonly upTo: number;
  /** Offset of the last update in it. */
  readonly lastOffset: number;
  /** When the record at its end was appended, in milliseconds since 1970. */
  readonly at: number;
  /** How many updates it carries; with none, there are no bytes either. */
  readonly updates: number;
  readonly bytes: Uint8Array;
}

/** Records that follow each other, and what they are on the wire. */
export class ReplayPage {
  /** It begins after this offset, and ends with that one. */
  readonly after: number;
  readonly upTo: number;
  readonly entries: readonly WalkedRecord[];
  /** Bytes of its records, frames and chunks. */
  bytes = 0;
  readonly #frames: (Uint8Array | undefined)[];
  readonly #chunks = new Map<string, readonly Chunk[]>();
  /** What ends with time must be looked at each time. */
  readonly #isLasting: boolean;

  /** @param entries - At least one. */
  constructor(after: number, entries: readonly WalkedRecord[]) {
    this.after = after;
    this.upTo = entries.at(-1)?.record.offset ?? after;
    this.entries = entries;
    this.#frames = entries.map(({ frame }) => frame);
    this.#isLasting = entries.every(({ record }) => record.ttlMs === undefined);
    for (const { record } of entries) this.bytes += recordBytes(record);
  }

  /** What a subscriber with this selection gets of the page, for as long as it is shared: made once for all of them. */
  chunks(selection: Selection, dispatcher: Dispatcher): readonly Chunk[] {
    const made = this.#chunks.get(selection.key);
    if (made !== undefined) return made;
    const chunks = this.chunksAfter(this.after, this.upTo, selection, dispatcher);
    if (this.#isLasting) {
      this.#chunks.set(selection.key, chunks);
      for (const { bytes } of chunks) this.bytes += bytes.length;
    }
    return chunks;
  }

  /** The same for a part of the page, for one that is in the middle of it. */
  chunksAfter(after: number, upTo: number, selection: Selection, dispatcher: Dispatcher): readonly Chunk[] {
    const now = Date.now();
    const chunks: Chunk[] = [];
    let frames: Uint8Array[] = [];
    let length = 0;
    let begin = after;
    let lastOffset = 0;
    let at = 0;
    const end = (offset: number): void => {
      chunks.push({ after: begin, upTo: offset, lastOffset, at, updates: frames.length, bytes: joinBytes(frames) });
      frames = [];
      length = 0;
      begin = offset;
    };
    for (const [index, { record }] of this.entries.entries()) {
      if (record.offset <= after) continue;
      if (record.offset > upTo) break;
      ({ at } = record);
      if (!selection.selects(record) || isExpired(record, now)) continue;
      const frame = dispatcher.onWire(this.#frame(index, record, dispatcher), selection);
      if (length > 0 && length + frame.length > CHUNK_BYTES) end(lastOffset);
      frames.push(frame);
      length += frame.length;
      lastOffset = record.offset;
    }
    end(upTo);
    return chunks;
  }

  #frame(index: number, record: JournalRecord, dispatcher: Dispatcher): Uint8Array {
    let frame = this.#frames[index];
    if (frame === undefined) {
      frame = dispatcher.encode(record);
      this.#frames[index] = frame;
      this.bytes += frame.length;
    }
    return frame;
  }
}

/** Where a walk goes on: a page that has what follows, or that the place is no longer held. Undefined at the tail. */
export type Found = { readonly kind: "page"; readonly page: ReplayPage } | { readonly kind: "trimmed"; readonly head: number } | undefined;

/**
 * The pages that walks read, kept for those that come by later: readers that were cut off together come back together, and what one reads and
 * encodes, all get. So a thousand of them cost what one does, but for their sockets; and those that stall again hold the same bytes.
 */
export class ReplayPages {
  readonly #dispatcher: Dispatcher;
  readonly #journal: Journal;
  /** The one that was used last comes last. */
  readonly #kept = new Set<ReplayPage>();

  constructor(dispatcher: Dispatcher, journal: Journal) {
    this.#dispatcher = dispatcher;
    this.#journal = journal;
  }

  /**
   * Finds what follows an offset, up to what was dispatched and no further: the rest arrives live.
   *
   * @returns A promise only where the journal has to be asked.
   */
  find(after: number): Found | Promise<Found> {
    for (const page of this.#kept) {
      if (after < page.after || after >= page.upTo) continue;
      this.#kept.delete(page);
      this.#kept.add(page);
      return { kind: "page", page };
    }
    const found = step(this.#dispatcher, this.#journal, after);
    if (!(found instanceof Promise)) return this.#pageOf(after, found, false);
    const { epoch } = this.#journal;
    // What is of a journal that was replaced meanwhile is for nobody.
    return found.then((read) => (epoch === this.#journal.epoch ? this.#pageOf(after, read, true) : undefined));
  }

  /** Lets go of those that were not used for longest, where all are too much. They grow as they are used, so they are counted each time. */
  #settle(): void {
    let bytes = 0;
    for (const page of this.#kept) bytes += page.bytes;
    for (const page of this.#kept) {
      if (bytes <= KEPT_BYTES && this.#kept.size <= KEPT_PAGES) return;
      this.#kept.delete(page);
      bytes -= page.bytes;
    }
  }

  /** Lets go of all. */
  clear(): void {
    this.#kept.clear();
  }

  #pageOf(after: number, found: Step, isRead: boolean): Found {
    if (found.kind === "trimmed") return found;
    const { entries } = found;
    if (entries.length === 0) return undefined;
    const page = new ReplayPage(after, entries);
    // What is at hand in the ring is worth keeping only where it is not the tail, which grows.
    if (isRead || entries.length >= this.#dispatcher.page.maxRecords) {
      this.#kept.add(page);
      this.#settle();
    }
    return { kind: "page", page };
  }
}
