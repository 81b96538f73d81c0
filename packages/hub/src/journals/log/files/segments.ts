import { fstatSync } from "node:fs";
import { AFTER_GAP, entryChanges, entryKind, isFurther } from "../entries/entry.ts";
import { EntryReader } from "../entries/entry-reader.ts";
import type { HashTable } from "./hash-table.ts";
import { SEGMENT_START } from "./identity.ts";
import { listSegments, OpenFiles, segmentPath } from "./segment.ts";
import { SegmentIndex } from "./segment-index.ts";
import { SparseIndex } from "./sparse-index.ts";

/** Records of a segment that are missing, or damaged: from an offset up to one that may be sound. */
export interface Gap {
  readonly from: number;
  readonly sound: number;
}

/** A segment as readers know it. */
export interface Segment {
  /** Offset of its first record. */
  readonly first: number;
  /** Path of its file. */
  readonly path: string;
  /** Offset of the first record of the next segment. Infinity for the active one. */
  next: number;
  /** Undefined until it is needed. */
  sparse: SparseIndex | undefined;
  /** Undefined until it is needed, or if there is none or it is damaged. */
  index: SegmentIndex | undefined;
  /** Length of the file, once it is needed after the segment was sealed. */
  length: number | undefined;
  /** Ids and keys of the writer's segments that have no index file yet. */
  texts: HashTable | undefined;
  /** Those that took long to pass over. */
  readonly gaps: Gap[];
}

/** The noted gap with an offset. */
export function gapAt({ gaps }: Segment, offset: number): Gap | undefined {
  return gaps.find(({ from, sound }) => from <= offset && offset < sound);
}

/** The segments of a log, and their open files. */
export class Segments {
  readonly directory: string;
  readonly salt: number;
  readonly #files = new OpenFiles();
  #all: Segment[] = [];

  constructor(directory: string, salt: number) {
    this.directory = directory;
    this.salt = salt;
  }

  /** @param active - The last segment in use. Files of later ones are not yet. */
  list(active: number): void {
    const firsts = listSegments(this.directory).filter((first) => first <= active);
    const known = new Map(this.#all.map((segment) => [segment.first, segment]));
    this.#all = firsts.map(
      (first) =>
        known.get(first) ?? {
          first,
          path: segmentPath(this.directory, first, "log"),
          next: Infinity,
          sparse: undefined,
          index: undefined,
          length: undefined,
          texts: undefined,
          gaps: [],
        },
    );
    for (const [i, segment] of this.#all.entries()) segment.next = firsts[i + 1] ?? Infinity;
  }

  get all(): readonly Segment[] {
    return this.#all;
  }

  get active(): Segment {
    return this.#all.at(-1) as Segment;
  }

  /** The segment that should have an offset, or undefined if the offset is before all of them. */
  of(offset: number): Segment | undefined {
    let low = 0;
    for (let high = this.#all.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.#all[middle] as Segment).first <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#all[low - 1];
  }

  /** Drops the segments whose records are all before an offset. */
  forgetBefore(head: number): void {
    while (this.#all.length > 1 && (this.#all[0] as Segment).next <= head) {
      const { first, path } = this.#all.shift() as Segment;
      this.#files.close(path);
      this.#files.close(segmentPath(this.directory, first, "index"));
    }
  }

  fd(segment: Segment): number {
    return this.#files.fd(segment.path);
  }

  /** Closes the file of a segment until it is needed again. */
  closeFile(segment: Segment): void {
    this.#files.close(segment.path);
  }

  /** Length of the segment's file. */
  length(segment: Segment): number {
    if (segment.next === Infinity) return fstatSync(this.fd(segment)).size;
    return (segment.length ??= fstatSync(this.fd(segment)).size);
  }

  /** Tells whether the records between a segment and the one before are known to be gone. */
  isAfterGap(segment: Segment): boolean {
    const { bytes, at } = this.#beginning(segment) ?? {};
    return bytes !== undefined && at !== undefined && (entryKind(bytes, at) & AFTER_GAP) !== 0;
  }

  /**
   * Tells which entries of a sealed segment count. A writer that was suspended, and goes on after
   * another took over, may still add to the segment that it had open. The first entry of the next
   * segment says how many changes there were.
   */
  counting(segment: Segment): (entry: Pick<EntryReader, "bytes" | "at">) => boolean {
    const next = segment.next === Infinity ? undefined : this.of(segment.next);
    const { bytes, at } = (next?.first === segment.next ? this.#beginning(next) : undefined) ?? {};
    if (bytes === undefined || at === undefined) return () => true;
    const changes = entryChanges(bytes, at);
    return (entry) => !isFurther(entryChanges(entry.bytes, entry.at), changes);
  }

  /** The first entry of a segment, or undefined if it is damaged. */
  #beginning(segment: Segment): EntryReader | undefined {
    const entries = new EntryReader(this.salt);
    entries.use({ fd: () => this.fd(segment), limit: this.length(segment) });
    return entries.load(SEGMENT_START) ? entries : undefined;
  }

  /** The known entries of a segment. Without an index file, they become known by reading. */
  sparse(segment: Segment): SparseIndex {
    return (segment.sparse ??= this.index(segment)?.sparse ?? new SparseIndex(segment.first, SEGMENT_START));
  }

  /** The index of a sealed segment, or undefined if there is none or it is damaged. */
  index(segment: Segment): SegmentIndex | undefined {
    if (segment.index !== undefined || segment.next === Infinity) return segment.index;
    const path = segmentPath(this.directory, segment.first, "index");
    try {
      segment.index = SegmentIndex.read(() => this.#files.fd(path), segment.first, this.salt);
    } catch {
      this.#files.close(path); // Without this file, the segment itself is read.
    }
    if (segment.index?.next !== segment.next) segment.index = undefined;
    return segment.index;
  }

  /** Takes another file in place of a damaged index. */
  dropIndex(segment: Segment): void {
    segment.index = undefined;
    this.#files.close(segmentPath(this.directory, segment.first, "index"));
  }

  close(): void {
    this.#files.closeAll();
  }
}
