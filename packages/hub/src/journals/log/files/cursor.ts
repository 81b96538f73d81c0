import { atOnce } from "../../../core/slices.ts";
import { EntryReader, type HeldBytes } from "../entries/entry-reader.ts";
import { type Gap, gapAt, type Segment, type Segments } from "./segments.ts";

/** Bytes of a damaged part from which on it is noted, so that it is searched once. */
const WIDE_BYTES = 64 * 1024;

/** Finds entries by the offsets of their records, across segments. */
export class Cursor {
  /** The current entry, after {@link seek} or {@link goOn}. */
  readonly entry: EntryReader;
  readonly #segments: Segments;
  /** The segment of the current entry. */
  #segment: Segment | undefined;
  #position = 0;
  #held: HeldBytes | undefined;
  /** The last damage that was met. */
  #gap: Gap = { from: 0, sound: 0 };

  readonly #notes: boolean;

  /** @param notes - Whether to note where entries are. Not if some may never be flushed. */
  constructor(segments: Segments, { notes }: { readonly notes: boolean }) {
    this.#segments = segments;
    this.#notes = notes;
    this.entry = new EntryReader(segments.salt);
  }

  /**
   * Sets the end of the active segment.
   *
   * @param held - Its last bytes, if they are in memory. They must not change until the next call.
   */
  end(position: number, held?: HeldBytes): void {
    this.#position = position;
    this.#held = held;
    this.#gap = { from: 0, sound: 0 };
    const segment = this.#segment;
    if (segment !== undefined && segment === this.#segments.of(segment.first)) this.#use(segment);
    else this.#segment = undefined;
  }

  /** Forgets the bytes that were read, because the file has others now. */
  forget(): void {
    this.#segment = undefined;
  }

  /** Loads the entry of a record: the entry after the current one, or another. See {@link seek}. */
  goOn(offset: number): number {
    const { entry } = this;
    if (this.#segment === undefined || offset >= this.#segment.next) return this.seek(offset);
    const sparse = this.#segments.sparse(this.#segment);
    while (entry.length > 0 && entry.load(entry.end) && entry.first === offset) {
      if (this.#notes) sparse.note(entry.position, entry.length, offset, entry.count);
      if (entry.count > 0) return offset;
    }
    return this.seek(offset);
  }

  /**
   * Loads the entry of a record.
   *
   * @returns The offset. If the record is missing or damaged, the first offset after it that may be
   *   sound. Infinity if there is none.
   */
  seek(offset: number): number {
    if (this.#gap.from === offset) return this.#gap.sound;
    const sound = this.#seek(offset);
    if (sound !== offset) this.#gap = { from: offset, sound };
    return sound;
  }

  #seek(offset: number): number {
    const segment = this.#segments.of(offset);
    if (segment === undefined) return this.#segments.all[0]?.first ?? Infinity;
    try {
      return this.#seekIn(segment, offset);
    } catch (error) {
      this.#segment = undefined;
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return segment.next;
      throw error;
    }
  }

  #seekIn(segment: Segment, offset: number): number {
    const { entry } = this;
    const sparse = this.#segments.sparse(segment);
    this.#use(segment);
    let { first: next, position } = sparse.floor(offset);
    for (;;) {
      if (!entry.load(position) || entry.first < next) {
        const known = gapAt(segment, offset);
        if (known !== undefined) return known.sound;
        const isFound = atOnce(entry.search(position + 1, next));
        const end = isFound ? entry.position : entry.limit;
        const sound = isFound ? Math.min(entry.first, segment.next) : segment.next;
        // More may come behind the end of the active segment.
        if (end - position >= WIDE_BYTES && sound !== Infinity) segment.gaps.push({ from: next, sound });
        if (!isFound) return sound;
      }
      const { first, count } = entry;
      if (first > offset) return first >= segment.next ? segment.next : first;
      if (this.#notes) sparse.note(entry.position, entry.length, first, count);
      next = first + count;
      if (next > offset) return offset;
      position = entry.end;
    }
  }

  #use(segment: Segment): void {
    const isActive = segment.next === Infinity;
    this.entry.use(
      {
        fd: () => this.#segments.fd(segment),
        limit: isActive ? this.#position : this.#segments.length(segment),
        held: isActive ? this.#held : undefined,
      },
      segment === this.#segment,
    );
    this.#segment = segment;
  }
}
