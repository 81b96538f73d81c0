import type { Journal, JournalRecord, ReadLimits, Retention } from "../core/journal/journal.ts";
import type { Update } from "../core/update/update.ts";

/** How the contract gets at a kind of journal. */
export interface JournalHarness {
  /** Opens the journal; a later call opens the same one again, unless {@link wipe} came between. */
  open(options: { readonly retention?: Retention }): Promise<Journal>;
  /** Deletes what is stored, as someone would who empties its directory. */
  wipe(): Promise<void>;
  /** Whether records outlive `close()`. When not, say why: the cases that need it are left out. */
  readonly persistence: "durable" | { readonly none: string };
  /** Whether it has the shared table, `state`. When not, say why: the cases that need it are left out. */
  readonly state: "shared" | { readonly none: string };
  /** Whether it keeps idempotency keys. When not, say why: the cases that need it are left out. */
  readonly idempotency: "kept" | { readonly none: string };
}

/** One promise of the `Journal` interface, with what checks it. */
export interface ContractCase {
  readonly name: string;
  /** Whether it reopens the journal, which only makes sense where that keeps records. */
  readonly reopens: boolean;
  /** Whether it is about the shared table, an optional capability. */
  readonly usesState: boolean;
  /** Whether it is about idempotency keys, another one. */
  readonly usesIdempotency: boolean;
  /** Rejects with what was broken. The harness must be fresh: nothing stored. */
  run(harness: JournalHarness): Promise<void>;
}

export function check(condition: boolean, text: string): asserts condition {
  if (!condition) throw new Error(text);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(a === e, `${what}: expected ${e}, got ${a}`);
}

export const ALL: ReadLimits = { maxRecords: 1_000_000, maxBytes: Infinity };

export function update(data: string, rest: Partial<Update> = {}): Update {
  return { topics: ["topic"], data, id: undefined, type: undefined, retry: undefined, private: false, ...rest };
}

export function updates(count: number, from = 1): Update[] {
  return Array.from({ length: count }, (_, i) => update(String(from + i)));
}

export async function readAll(journal: Journal, after = 0): Promise<readonly JournalRecord[]> {
  const page = await journal.read(after, ALL);
  check(page.kind === "records", `read after ${after} found its place trimmed`);
  return page.records;
}

export const data = (records: readonly JournalRecord[]): string[] => records.map((record) => record.data);
