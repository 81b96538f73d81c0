import type { AppendOutcome, KnownAppend, ReusedKey } from "../../core/journal/idempotency.ts";
import { type JournalRecord, recordBytes } from "../../core/journal/journal.ts";
import type { StateStep } from "../../core/journal/state.ts";
import type { Update } from "../../core/update/update.ts";
import type { Append } from "../shared/group-commit.ts";
import type { RetentionRule } from "../shared/retention.ts";
import { type CommitHead, encode, type StoredKey } from "./codec.ts";
import { hashOf } from "./hash-index.ts";
import type { Log } from "./log.ts";
import { newTag } from "./tag.ts";

/** A key of an append, with the log's knowledge of the key. */
export interface Keyed {
  readonly digest: string;
  readonly request: string;
  readonly answer: string | undefined;
  /** In this log, up to this offset, the key is not known. */
  readonly unknownIn: Log;
  readonly unknownUpTo: number;
}

/** Outcome of an append. `again`: the key may have been used since the search. */
export type Outcome = AppendOutcome | { readonly kind: "again" };

/** An append, and the idempotency key of its attempt. */
export interface NatsAppend extends Append {
  readonly keyed: Keyed | undefined;
}

/**
 * A group of appends as one message, which is valid only directly after the log's newest message.
 */
export interface Commit {
  readonly log: Log;
  /** Sequence of the message that the commit must follow. */
  readonly expected: number;
  readonly head: CommitHead;
  readonly records: readonly JournalRecord[];
  /** Undefined if the commit is longer than a message may be. */
  readonly bytes: Uint8Array | undefined;
  /** Outcome of each append of the group, once the message is stored. */
  readonly outcomes: readonly Outcome[];
  /** Whether there is nothing to store. */
  readonly isEmpty: boolean;
}

/**
 * Most messages and bytes left in the stream for the table alone. Each entry of the table adds
 * `KEPT_FOR_ENTRY`.
 */
const KEPT = { messages: 1000, bytes: 64 * 1024 * 1024 } as const;
const KEPT_FOR_ENTRY = { messages: 4, bytes: 4096 } as const;
/** Most entries that one commit rewrites, and most characters of them. */
const REWRITE = { entries: 500, characters: 64 * 1024 } as const;

/** Decides the outcome of a group of appends after the log's messages. */
export function commitOf(log: Log, group: readonly NatsAppend[], retention: RetentionRule, maxBytes: number): Commit {
  const at = Date.now();
  const first = log.tail + 1;
  const updates: Update[] = [];
  const keys: StoredKey[] = [];
  const table = new ChangedTable(log);
  const outcomes = group.map(({ batch, steps, keyed }): Outcome => {
    if (keyed !== undefined) {
      const known = keys.find(([digest]) => digest === keyed.digest);
      if (known !== undefined) return outcomeOf(known, keyed.request);
      if (mayBeKnown(log, keyed)) return { kind: "again" };
    }
    const from = first + updates.length;
    for (const update of batch) updates.push(update);
    for (const update of table.change(steps)) updates.push(update);
    const count = first + updates.length - from;
    if (keyed !== undefined && count > 0) {
      const { digest, request, answer } = keyed;
      keys.push(answer === undefined ? [digest, request, from, count] : [digest, request, from, count, answer]);
    }
    return { kind: "appended", offsets: offsetsOf(from, count) };
  });
  const sizes = updates.map(recordBytes);
  const head: CommitHead = {
    tag: newTag(),
    prev: log.tag,
    epoch: log.epoch,
    at,
    first,
    head: log.records.headAfter(sizes, retention, at),
    sizes,
    ids: updates.flatMap(({ id }, i) => (id === undefined ? [] : [[i, id] as const])),
    keys,
    steps: table.steps(),
  };
  return {
    log,
    expected: log.seq,
    head,
    records: updates.map((update, i): JournalRecord => ({ ...update, offset: first + i, at })),
    bytes: encode(head, updates, maxBytes),
    outcomes,
    isEmpty: updates.length === 0 && head.steps.length === 0 && head.head === log.head,
  };
}

/** Decides the meaning of a known key for another request with that key. */
export function outcomeOf([, request, first, count, answer]: StoredKey, asked: string): KnownAppend | ReusedKey {
  return request === asked ? { kind: "repeated", offsets: offsetsOf(first, count), answer } : { kind: "reused" };
}

function mayBeKnown(log: Log, { digest, unknownIn, unknownUpTo }: Keyed): boolean {
  return log !== unknownIn || log.keys.offsets(hashOf(digest), Math.max(log.head, unknownUpTo + 1)).length > 0;
}

function offsetsOf(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** The table as a group changes it, one append after the other. */
class ChangedTable {
  readonly #log: Log;
  readonly #changes = new Map<string, string | null>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** @returns The updates of the steps that change something. */
  change(steps: readonly StateStep[]): Update[] {
    return steps.flatMap(({ key, value, update }) => {
      if (value === undefined && !this.#has(key)) return [];
      this.#changes.set(key, value ?? null);
      return update === undefined ? [] : [update];
    });
  }

  /**
   * The changes. If much is in the stream for old entries alone, these entries are written again,
   * so that the rest can go. Entries that the server has lost are written again too.
   */
  steps(): CommitHead["steps"] {
    const { table } = this.#log;
    const kept = this.#log.keptForTable();
    if (
      this.#log.isTableLost ||
      kept.messages > KEPT.messages + KEPT_FOR_ENTRY.messages * table.size ||
      kept.bytes > KEPT.bytes + KEPT_FOR_ENTRY.bytes * table.size
    ) {
      let characters = 0;
      for (const [i, { key, value }] of table.oldest(REWRITE.entries).entries()) {
        characters += key.length + value.length;
        if (characters > REWRITE.characters && i > 0) break;
        if (!this.#changes.has(key)) this.#changes.set(key, value);
      }
    }
    return [...this.#changes];
  }

  #has(key: string): boolean {
    const changed = this.#changes.get(key);
    return changed === undefined ? this.#log.table.has(key) : changed !== null;
  }
}
