import { Table } from "../../shared/table.ts";
import { readCheckpoint } from "../files/checkpoint.ts";
import { decodeRest } from "../entries/codec.ts";
import { entryChanges, entryKind, HAS_STEPS } from "../entries/entry.ts";
import type { EntryReader } from "../entries/entry-reader.ts";
import { listSegments } from "../files/segment.ts";
import type { Segments } from "../files/segments.ts";

/** Rebuilds the shared table from the newest sound checkpoint, and from the entries after it. */
export class TableLoading {
  readonly table: Table = new Table();
  readonly checkpoints: readonly number[];
  /** The first segment whose entries are needed. */
  readonly first: number;
  #changes: number;
  #isWhole: boolean;

  constructor(segments: Segments) {
    const { directory, salt } = segments;
    const firsts = new Set(segments.all.map(({ first }) => first));
    this.checkpoints = listSegments(directory, "table").filter((first) => firsts.has(first));
    let checkpoint;
    for (const first of this.checkpoints.toReversed()) {
      checkpoint = readCheckpoint(directory, first, salt);
      if (checkpoint !== undefined) break;
    }
    // The first segment of a journal begins with an empty table.
    this.first = checkpoint?.first ?? 1;
    this.#isWhole = checkpoint !== undefined || segments.all[0]?.first === 1;
    this.#changes = checkpoint?.changes ?? 0;
    for (const { key, value } of checkpoint?.entries ?? []) this.table.write(key, value, this.#changes);
  }

  /** Whether no change is missing. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  read({ bytes, at, length }: EntryReader): void {
    const has = (entryKind(bytes, at) & HAS_STEPS) !== 0;
    const changes = entryChanges(bytes, at);
    // The checkpoint of a segment may be newer than its first entries.
    if (changes < this.#changes || (changes === this.#changes && has)) return;
    if (changes !== this.#changes + (has ? 1 : 0)) this.#isWhole = false;
    this.#changes = changes;
    if (!has || !this.#isWhole) return;
    for (const { key, value } of decodeRest(bytes, at, length).steps) this.table.write(key, value, this.#changes);
  }
}
