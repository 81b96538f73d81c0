import { type Chunk, chunksOf } from "./chunks.ts";
import { recordBytes } from "../journal/journal.ts";
import type { Found, ReplayContext } from "./replay.ts";
import type { Selection } from "../matching/selection.ts";
import { inSlices } from "../slices.ts";
import { pick, type Step, stepFor, type WalkedRecord } from "./step.ts";

/** Most that is kept of pages that were read. */
const KEPT_BYTES = 8 * 1024 * 1024;
const KEPT_PAGES = 128;
/** What a chunk takes beside its bytes, and a record beside its text. */
const OVERHEAD = { chunk: 300, record: 600 };

/** From one offset to another. */
interface Span {
  readonly after: number;
  readonly upTo: number;
}

/** The way from one offset to another, as it goes to sockets. */
interface KeptPage extends Span {
  /** Twice {@link JournalPlaces.scopeOf}, and one more for those that hear of presence. */
  readonly scope: number;
  bytes: number;
  /** By the key of the selection. */
  readonly chunks: Map<string, readonly Chunk[]>;
  /** What it is made of, once a second selection has asked for it. Where all have the same, it is let go of at once: it takes many times the memory. */
  entries: readonly WalkedRecord[] | undefined;
}

/** The writes that follow a cursor. */
export type Chunks = readonly Chunk[];

/**
 * The pages that walks read, kept for those that come by later: readers that were cut off together come back together, and what one reads and
 * encodes, all with its selection get. So a thousand of them cost what one does, but for their sockets; and those that stall again hold the same bytes.
 */
export class ReplayPages {
  readonly #context: ReplayContext;
  /** The one that was used last comes last. */
  readonly #kept = new Set<KeptPage>();
  /** What the journal is being asked, by place: replays that come to it together ask once. */
  readonly #reading = new Map<string, Promise<Step>>();
  /** Pages that are being made, by place and selection: replays that want the same one make it once. */
  readonly #making = new Map<string, Promise<Found<Chunks>>>();

  constructor(context: ReplayContext) {
    this.#context = context;
  }

  /**
   * Finds what follows an offset, up to what was dispatched and no further: the rest arrives live.
   *
   * @returns A promise only if the journal has to be asked, or the selection takes long.
   */
  find(after: number, selection: Selection): Found<Chunks> | Promise<Found<Chunks>> {
    const { dispatcher, journal } = this.#context;
    const { epoch } = dispatcher;
    // Those that hear of presence have other entries.
    const scope = 2 * (journal.places?.scopeOf(selection.topics) ?? 0) + (selection.hearsPresence ? 1 : 0);
    const page = this.#pageAt(after, scope);
    const chunks = page?.chunks.get(selection.key);
    const from = chunks?.findIndex((chunk) => chunk.after === after) ?? -1;
    if (page !== undefined && chunks !== undefined && from >= 0) {
      this.#kept.delete(page);
      this.#kept.add(page);
      return { kind: "page", page: from === 0 ? chunks : chunks.slice(from) };
    }
    // One that is in the middle of a page reads up to its end, and goes on in step with the others.
    const most = page === undefined ? dispatcher.page.maxRecords : page.upTo - after;
    const place = `${epoch} ${scope} ${after} ${most}`;
    return shared(this.#making, `${place} ${selection.key}`, () => {
      if (page?.entries !== undefined && page.after === after) return this.#make(scope, page, page.entries, selection, true);
      const found = shared(this.#reading, place, () => stepFor(selection, dispatcher, journal, after, most, true));
      const take = (read: Step): Found<Chunks> | Promise<Found<Chunks>> => {
        // The journal was replaced while it was read: its records would be kept under event ids of the new one.
        if (epoch !== dispatcher.epoch) return undefined;
        if (read.kind === "trimmed") return read;
        return this.#make(scope, { after, upTo: read.upTo }, read.entries, selection, found instanceof Promise);
      };
      return found instanceof Promise ? found.then(take) : take(found);
    });
  }

  /** Lets go of all. */
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
    entries: readonly WalkedRecord[],
    selection: Selection,
    isRead: boolean,
  ): Found<Chunks> | Promise<Found<Chunks>> {
    if (upTo === after) return undefined;
    const { dispatcher, turns } = this.#context;
    const { epoch } = dispatcher;
    const finish = (picked: readonly WalkedRecord[]): Found<Chunks> => {
      // Replaced while the records were picked.
      if (epoch !== dispatcher.epoch) return undefined;
      const chunks = chunksOf(picked, { after, upTo, lastAt: entries.at(-1)?.record.at ?? 0 }, selection, dispatcher);
      // What is at hand in the ring is worth keeping only if it is not the tail, which grows; and what ends with time must be looked at each time.
      const isWorthIt = isRead || entries.length >= dispatcher.page.maxRecords;
      if (isWorthIt && entries.every(({ record }) => record.ttlMs === undefined)) {
        this.#keep(scope, { after, upTo }, entries, selection, chunks);
      }
      return { kind: "page", page: chunks };
    };
    const picked = inSlices(pick(entries, selection, dispatcher.clockToleranceMs), turns.next);
    return picked instanceof Promise ? picked.then(finish) : finish(picked);
  }

  #keep(scope: number, { after, upTo }: Span, entries: readonly WalkedRecord[], selection: Selection, chunks: readonly Chunk[]): void {
    let page = this.#pageAt(after, scope);
    // It is a part of one.
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

  /** Lets go of those that were not used for longest, where all are too much. */
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

/** What is being made under a key already, or what the call makes. */
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
