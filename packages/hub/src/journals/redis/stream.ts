import { createEpoch } from "../../core/journal/cursor.ts";
import { MAX_FOUND, type ReadLimits, recordBytes, type Retention } from "../../core/journal/journal.ts";
import type { StateEntry } from "../../core/journal/state.ts";
import { decodeEntry, encodeUpdate, type Entry, FORMAT, indexedId, offsetOf } from "./codec.ts";
import type { Append } from "../shared/group-commit.ts";
import { unavailable } from "./failure.ts";
import type { Connection } from "./connection.ts";
import type { Figures, TailFigures } from "./journal-view.ts";
import { CHECK, COMMIT, ENTRIES, READ } from "./scripts.ts";

/** Most records of one read of the stream. Redis does nothing else meanwhile. */
const READ_RECORDS = 1000;
const READ_BYTES = 4 * 1024 * 1024;

/** A row of a stream, in the form of Redis. */
export type Row = readonly [id: string, fields: unknown];

/** The record that a hub has seen last, to compare with the journal in Redis. */
export interface LastSeen {
  /** Empty while the journal is being opened. */
  readonly epoch: string;
  readonly seen: number;
  readonly tag: string;
}

/**
 * Result of a check. `isReplaced` if the journal is another than the hub's, or a record that was
 * seen is gone.
 */
export interface CheckResult extends TailFigures {
  readonly isReplaced: boolean;
}

/** An append, and the idempotency key of its attempt. */
export interface RedisAppend extends Append {
  readonly key: { readonly digest: string; readonly request: string; readonly answer: string | undefined } | undefined;
}

/** Outcome of an append. */
export type Committed =
  | { readonly kind: "appended"; readonly offsets: readonly number[] }
  | { readonly kind: "known"; readonly text: string };

/** Outcome of a group. Nothing was done if the journal is another. */
export type GroupResult =
  | {
      readonly kind: "committed";
      readonly figures: Omit<Figures, "epoch">;
      readonly entries: readonly Entry[];
      readonly committed: readonly Committed[];
    }
  | { readonly kind: "replaced"; readonly check: CheckResult };

/** The journal in Redis: its requests, and the meaning of the answers. */
export class Stream {
  /** The key of the stream itself. */
  readonly key: string;
  /** The channel between the hubs. */
  readonly channel: string;
  readonly #keys: Record<"meta" | "stream" | "ids" | "keys" | "entries" | "order", string>;
  readonly #retention: readonly string[];

  constructor(name: string, { maxAgeMs, maxBytes, maxCount }: Retention) {
    // The braces make all keys one slot of a cluster.
    const key = (part: string): string => `{${name}}:${part}`;
    this.#keys = {
      meta: key("meta"),
      stream: key("stream"),
      ids: key("ids"),
      keys: key("keys"),
      entries: key("entries"),
      order: key("order"),
    };
    this.key = this.#keys.stream;
    this.channel = key("peers");
    this.#retention = [maxAgeMs, maxBytes, maxCount].map((limit) =>
      limit === undefined || limit === Infinity ? "-1" : String(Math.floor(limit)),
    );
  }

  /** @throws Error if a key belongs to something else. */
  async checkKeys(connection: Connection): Promise<void> {
    const kinds = { meta: "hash", stream: "stream", ids: "zset", keys: "hash", entries: "hash", order: "zset" } as const;
    for (const [part, kind] of Object.entries(kinds)) {
      const key = this.#keys[part as keyof typeof kinds];
      const found = await connection.send(["TYPE", key]);
      if (found !== kind && found !== "none")
        throw new Error(`The key ${key} is used for something else (a ${String(found)}). Give the journal another name.`);
    }
  }

  /** @throws Error if the journal is of another version. */
  async check(connection: Connection, lastSeen: LastSeen): Promise<CheckResult> {
    const { meta, stream, ids, keys } = this.#keys;
    return toCheckResult(await CHECK.run(connection, [meta, stream, ids, keys], this.#argumentsOf(lastSeen)));
  }

  async commit(connection: Connection, lastSeen: LastSeen, group: readonly RedisAppend[]): Promise<GroupResult> {
    const { meta, stream, ids, keys, entries, order } = this.#keys;
    const tag = createEpoch();
    const args = [...this.#argumentsOf(lastSeen), tag, String(group.length)];
    for (const append of group) pushAppend(args, append);
    const answer = (await COMMIT.run(connection, [meta, stream, ids, keys, entries, order], args)) as readonly unknown[];
    if (answer[0] === "format")
      throw unavailable("A newer version of Artesian has taken over the journal in Redis. Restart this hub with it.");
    if (answer[0] !== "ok") return { kind: "replaced", check: toCheckResult(answer) };
    const [, at, first, head, tail, bytes, results] = answer as readonly ["ok", string, string, string, string, string, readonly string[]];
    const made: Entry[] = [];
    let offset = Number(first);
    const committed = group.map(({ batch, steps }, i): Committed => {
      const [kind, text, mask] = results.slice(3 * i, 3 * i + 3) as [string, string, string];
      if (kind === "k") return { kind: "known", text };
      const offsets: number[] = [];
      const updates =
        steps.length === 0
          ? batch
          : [...batch, ...steps.flatMap(({ update }, j) => (mask[j] === "1" && update !== undefined ? [update] : []))];
      for (const update of updates) {
        offsets.push(offset);
        made.push({ record: { ...update, offset: offset++, at: Number(at) }, epoch: lastSeen.epoch, tag });
      }
      return { kind: "appended", offsets };
    });
    return { kind: "committed", figures: { head: Number(head), tail: Number(tail), bytes: Number(bytes) }, entries: made, committed };
  }

  /**
   * The next rows after an offset, as many as one read may return. Empty if the offset is before
   * the head.
   */
  async read(
    connection: Connection,
    after: number,
    limits: ReadLimits,
  ): Promise<{ readonly figures: Figures; readonly rows: readonly Row[] }> {
    const most = Math.max(1, Math.min(limits.maxRecords, READ_RECORDS));
    const room = Math.max(1, Math.min(limits.maxBytes, READ_BYTES));
    const answer = await READ.run(connection, [this.#keys.meta, this.#keys.stream], [after, most, room].map(String));
    const [epoch, head, tail, bytes, rows] = answer as readonly [string, string, string, string, readonly Row[]];
    return { figures: { epoch, head: Number(head), tail: Number(tail), bytes: Number(bytes) }, rows };
  }

  async find(connection: Connection, id: string): Promise<readonly number[]> {
    const start = `${indexedId(id)}\0`;
    const found = (await connection.send([
      "ZRANGEBYLEX",
      this.#keys.ids,
      `[${start}`,
      `(${indexedId(id)}\x01`,
      "LIMIT",
      "0",
      String(MAX_FOUND),
    ])) as readonly string[];
    return found.map((member) => Number(member.slice(start.length)));
  }

  /**
   * Finds the outcome of an idempotency key. @param touches - Whether to write something too, so
   * that replicas can be waited for.
   */
  async findKey(connection: Connection, digest: string, touches: boolean): Promise<string | undefined> {
    const found = await connection.send(["HGET", this.#keys.keys, digest]);
    if (typeof found !== "string") return undefined;
    if (touches) await connection.send(["HSET", this.#keys.meta, "touched", digest]);
    return found;
  }

  async entries(connection: Connection, prefix: string, after: string | undefined, limit: number): Promise<readonly StateEntry[]> {
    const start = after === undefined || after < prefix ? `[${prefix}` : `(${after}`;
    // Keys are ASCII, so all keys with the prefix come before this end.
    const args = [start, `(${prefix}\u{10ffff}`, String(Math.min(limit, 1_000_000))];
    const list = (await ENTRIES.run(connection, [this.#keys.entries, this.#keys.order], args)) as readonly string[];
    return Array.from({ length: list.length / 2 }, (_, i) => ({ key: list[2 * i] as string, value: list[2 * i + 1] as string }));
  }

  #argumentsOf({ epoch, seen, tag }: LastSeen): string[] {
    return [epoch, String(seen), tag, createEpoch(), ...this.#retention];
  }
}

/** Splits rows into readable entries and the ids of unreadable rows. */
export function readRows(rows: readonly Row[], after: number): { readonly entries: readonly Entry[]; readonly foreign: readonly string[] } {
  const entries: Entry[] = [];
  const foreign: string[] = [];
  for (const [id, fields] of rows) {
    const offset = offsetOf(id);
    if (offset !== undefined && offset <= after) continue;
    const entry = offset === undefined ? undefined : decodeEntry(offset, fields);
    if (entry === undefined) foreign.push(id);
    else entries.push(entry);
  }
  return { entries, foreign };
}

/** Counts the entries within the limits, and tells whether they reach the limits. */
export function countWithin(
  entries: readonly Entry[],
  { maxRecords, maxBytes }: ReadLimits,
): { readonly count: number; readonly bytes: number } {
  let bytes = 0;
  let count = 0;
  for (const { record } of entries) {
    if (count >= maxRecords || (count > 0 && bytes >= maxBytes)) break;
    bytes += recordBytes(record);
    count++;
  }
  return { count, bytes };
}

function pushAppend(args: string[], { batch, steps, key }: RedisAppend): void {
  args.push(String(batch.length), String(steps.length), key?.digest ?? "-");
  if (key !== undefined) args.push(key.request, key.answer === undefined ? "" : ` ${key.answer}`);
  for (const update of batch) args.push(...encodeUpdate(update));
  for (const { key: name, value, update } of steps) {
    args.push(value === undefined ? "d" : "s", name, value ?? "", ...(update === undefined ? ["0", ""] : encodeUpdate(update)));
  }
}

function toCheckResult(answer: unknown): CheckResult {
  const [kind, epoch, head, tail, bytes, tag, restored] = answer as readonly [string, string, string, string, string, string, string];
  if (kind === "format") {
    throw new Error(
      `The journal has format ${epoch}; this version of Artesian reads format ${FORMAT}. Use the version that wrote it, or another name.`,
    );
  }
  return {
    isReplaced: kind === "replaced",
    epoch,
    head: Number(head),
    tail: Number(tail),
    bytes: Number(bytes),
    tag,
    restoredUpTo: Number(restored),
  };
}
