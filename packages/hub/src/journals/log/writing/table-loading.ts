import { nextTurn } from "../../../core/scheduler.ts";
import { restOf } from "../../../core/slices.ts";
import { Table } from "../../shared/table.ts";
import { type Checkpoint, readCheckpoint } from "../files/checkpoint.ts";
import { decodeRest } from "../entries/codec.ts";
import { entryChanges, entryKind, HAS_STEPS } from "../entries/entry.ts";
import type { EntryReader } from "../entries/entry-reader.ts";
import { listSegments } from "../files/segment.ts";
import type { Segments } from "../files/segments.ts";

const ENTRIES_PER_STEP = 256;

/** Rebuilds the shared table from the newest sound checkpoint, and from the entries after it. */
export class TableLoading {
  readonly table: Table = new Table();
  readonly checkpoints: readonly number[];
  /** The first segment whose entries are needed. */
  readonly first: number;
  #changes: number;
  #isWhole: boolean;

  private constructor(checkpoints: readonly number[], first: number, changes: number, isWhole: boolean) {
    this.checkpoints = checkpoints;
    this.first = first;
    this.#changes = changes;
    this.#isWhole = isWhole;
  }

  /** Reads the checkpoint, in slices. */
  static async open(segments: Segments): Promise<TableLoading> {
    const { directory, salt } = segments;
    const firsts = new Set(segments.all.map(({ first }) => first));
    const checkpoints = listSegments(directory, "table").filter((first) => firsts.has(first));
    let checkpoint;
    for (const first of checkpoints.toReversed()) {
      checkpoint = await readCheckpoint(directory, first, salt);
      if (checkpoint !== undefined) break;
    }
    // The first segment of a journal begins with an empty table.
    const isWhole = checkpoint !== undefined || segments.all[0]?.first === 1;
    const loading = new TableLoading(checkpoints, checkpoint?.first ?? 1, checkpoint?.changes ?? 0, isWhole);
    if (checkpoint !== undefined) await restOf(fill(loading.table, checkpoint), nextTurn);
    return loading;
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

function* fill(table: Table, { entries, changes }: Checkpoint): Generator<undefined, void> {
  for (const [i, { key, value }] of entries.entries()) {
    table.write(key, value, changes);
    if (i % ENTRIES_PER_STEP === 0) yield;
  }
}
