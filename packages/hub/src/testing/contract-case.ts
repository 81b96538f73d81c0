import type { Journal, JournalRecord, ReadLimits, Retention } from "../core/journal/journal.ts";
import type { Update } from "../core/update/update.ts";

/** Access of the contract to a kind of journal. */
export interface JournalHarness {
  /**
   * Opens the journal. A later call opens the same journal again, unless {@link wipe} came between.
   */
  open(options: { readonly retention?: Retention }): Promise<Journal>;
  /** Deletes the stored data, as an operator would who empties the directory. */
  wipe(): Promise<void>;
  /**
   * Whether records outlive `close()`. If not, say why. The cases that need durable records are
   * left out.
   */
  readonly persistence: "durable" | { readonly none: string };
  /**
   * Whether the journal has the shared table, `state`. If not, say why. The cases that need the
   * table are left out.
   */
  readonly state: "shared" | { readonly none: string };
  /**
   * Whether the journal keeps idempotency keys. If not, say why. The cases that need keys are left
   * out.
   */
  readonly idempotency: "kept" | { readonly none: string };
}

/** One promise of the `Journal` interface, with its check. */
export interface ContractCase {
  readonly name: string;
  /** Whether the case reopens the journal, which only makes sense for a durable journal. */
  readonly reopens: boolean;
  /** Whether the case tests the shared table, an optional capability. */
  readonly usesState: boolean;
  /** Whether the case tests idempotency keys, an optional capability. */
  readonly usesIdempotency: boolean;
  /** Rejects with the broken promise. The harness must be fresh: nothing stored. */
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
