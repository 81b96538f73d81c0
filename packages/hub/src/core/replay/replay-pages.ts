import { type Chunk, chunksOf } from "./chunks.ts";
import { recordBytes } from "../journal/journal.ts";
import type { Found, ReplayContext } from "./replay.ts";
import type { Selection } from "../matching/selection.ts";
import { andThen } from "../scheduler.ts";
import { pick, type ReplayPage, readPageFor, type ReplayRecord } from "./read-page.ts";

/** Most bytes of the pages kept. */
const KEPT_BYTES = 8 * 1024 * 1024;
const KEPT_PAGES = 128;
/** Memory of a chunk beside its bytes, and of a record beside its text. */
const OVERHEAD = { chunk: 300, record: 600 };

/** From one offset to another. */
interface Span {
  readonly after: number;
  readonly upTo: number;
}

/** The chunks from one offset to another, as they go to sockets. */
interface KeptPage extends Span {
  /** Twice {@link LocalOrder.scopeOf}, plus one for selections that hear of presence. */
  readonly scope: number;
  bytes: number;
  /** By the key of the selection. */
  readonly chunks: Map<string, readonly Chunk[]>;
  /**
   * The page's records, kept once a second selection has asked for the page. If all readers have
   * the same selection, they are dropped at once, because they take many times the memory.
   */
  entries: readonly ReplayRecord[] | undefined;
}

/** The writes that follow a cursor. */
export type Chunks = readonly Chunk[];

/**
 * Pages that replays have read, kept for later readers. Readers that were cut off together come
 * back together. One reads and encodes a page, and all readers with its selection get the bytes. So
 * a thousand readers cost the same as one, except for their sockets. Readers that stall again hold
 * the same bytes.
 */
export class ReplayPages {
  readonly #context: ReplayContext;
  /** In order of use, the most recent last. */
  readonly #kept = new Set<KeptPage>();
  /** Reads of the journal under way, by place. Replays that reach a place together ask once. */
  readonly #reading = new Map<string, Promise<ReplayPage>>();
  /**
   * Pages being made, by place and selection. Replays that want the same page make the page once.
   */
  readonly #making = new Map<string, Promise<Found<Chunks>>>();

  constructor(context: ReplayContext) {
    this.#context = context;
  }

  /**
   * Finds the updates after an offset, up to the last dispatched update and no further. The rest
   * arrives live.
   *
   * @returns A promise only if the journal has to be asked, or the selection takes long.
   */
  find(after: number, selection: Selection): Found<Chunks> | Promise<Found<Chunks>> {
    const { dispatcher, journal } = this.#context;
    const { epoch } = dispatcher;
    // Selections that hear of presence have other entries.
    const scope = 2 * (journal.localOrder?.scopeOf(selection.topics) ?? 0) + (selection.hearsPresence ? 1 : 0);
    const page = this.#pageAt(after, scope);
    const chunks = page?.chunks.get(selection.key);
    const from = chunks?.findIndex((chunk) => chunk.after === after) ?? -1;
    if (page !== undefined && chunks !== undefined && from >= 0) {
      this.#kept.delete(page);
      this.#kept.add(page);
      return { kind: "page", page: from === 0 ? chunks : chunks.slice(from) };
    }
    // A replay in the middle of a page reads up to the page's end, and goes on in step with the
    // others.
    const most = page === undefined ? dispatcher.page.maxRecords : page.upTo - after;
    const place = `${epoch} ${scope} ${after} ${most}`;
    return shared(this.#making, `${place} ${selection.key}`, () => {
      if (page?.entries !== undefined && page.after === after) return this.#make(scope, page, page.entries, selection, true);
      const found = shared(this.#reading, place, () => readPageFor(selection, dispatcher, journal, after, most, true));
      const take = (read: ReplayPage): Found<Chunks> | Promise<Found<Chunks>> => {
        // The journal was replaced while it was read: its records would be kept under event ids of the new one.
        if (epoch !== dispatcher.epoch) return undefined;
        if (read.kind === "trimmed") return read;
        return this.#make(scope, { after, upTo: read.upTo }, read.entries, selection, found instanceof Promise);
      };
      return andThen(found, take);
    });
  }

  clear(): void {
    this.#kept.clear();
  }

  #pageAt(after: number, scope: number): KeptPage | undefined {
    for (const page of this.#kept) if (after >= page.after && after < page.upTo && page.scope === scope) return page;
    return undefined;
  }

  #make(
    scope: number,
    { after, upTo }: Span,
    entries: readonly ReplayRecord[],
    selection: Selection,
    isRead: boolean,
  ): Found<Chunks> | Promise<Found<Chunks>> {
    if (upTo === after) return undefined;
    const { dispatcher, turns } = this.#context;
    const { epoch } = dispatcher;
    const finish = (picked: readonly ReplayRecord[]): Found<Chunks> => {
      // Replaced while the records were picked.
      if (epoch !== dispatcher.epoch) return undefined;
      const chunks = chunksOf(picked, { after, upTo, lastAt: entries.at(-1)?.record.at ?? 0 }, selection, dispatcher);
      // Updates from the ring are worth keeping only if they are not the tail, which grows. Updates
      // with a time to live must be checked each time.
      const isWorthIt = isRead || entries.length >= dispatcher.page.maxRecords;
      if (isWorthIt && entries.every(({ record }) => record.ttlMs === undefined)) {
        this.#keep(scope, { after, upTo }, entries, selection, chunks);
      }
      return { kind: "page", page: chunks };
    };
    return andThen(turns.run(pick(entries, selection, dispatcher.clockToleranceMs)), finish);
  }

  #keep(scope: number, { after, upTo }: Span, entries: readonly ReplayRecord[], selection: Selection, chunks: readonly Chunk[]): void {
    let page = this.#pageAt(after, scope);
    // The range is a part of a kept page.
    if (page !== undefined && (page.after !== after || page.upTo !== upTo)) return;
    page ??= { scope, after, upTo, bytes: 0, chunks: new Map(), entries: undefined };
    if (page.entries === undefined && page.chunks.size > 0 && !page.chunks.has(selection.key)) {
      page.entries = entries;
      for (const { record } of entries) page.bytes += recordBytes(record) + OVERHEAD.record;
    }
    page.chunks.set(selection.key, chunks);
    page.bytes += 2 * selection.key.length;
    for (const { bytes } of chunks) page.bytes += bytes.length + OVERHEAD.chunk;
    this.#kept.add(page);
    this.#settle();
  }

  /** Drops the least recently used pages, if all together are too large. */
  #settle(): void {
    let bytes = 0;
    for (const page of this.#kept) bytes += page.bytes;
    for (const page of this.#kept) {
      if (bytes <= KEPT_BYTES && this.#kept.size <= KEPT_PAGES) return;
      this.#kept.delete(page);
      bytes -= page.bytes;
    }
  }
}

/** Returns the result being made under a key, or starts the call's own. */
function shared<T>(running: Map<string, Promise<T>>, key: string, make: () => T | Promise<T>): T | Promise<T> {
  const known = running.get(key);
  if (known !== undefined) return known;
  const made = make();
  if (!(made instanceof Promise)) return made;
  running.set(key, made);
  const forget = (): boolean => running.delete(key);
  made.then(forget, forget);
  return made;
}
