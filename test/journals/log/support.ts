import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Journal, JournalRecord, Update } from "artesian";
import { onTestFinished } from "vitest";
import { encodeAppend, type LogAppend } from "../../../packages/hub/src/journals/log/entries/codec.ts";
import type { LogOutcome } from "../../../packages/hub/src/journals/log/files/log-access.ts";
import { LogStore, type LogStoreOptions } from "../../../packages/hub/src/journals/log/writing/store.ts";
import { digestOf } from "../../../packages/hub/src/journals/shared/digest.ts";
import { removeDirectory } from "../../support/directory.ts";

/** Makes an update. */
export function update(data: string, more: Partial<Update> = {}): Update {
  return { topics: ["t"], data, id: undefined, type: undefined, retry: undefined, private: false, ...more };
}

/** Makes a directory for a test, which is removed afterwards. */
export function newDirectory(): string {
  const root = mkdtempSync(join(tmpdir(), "artesian-log-"));
  onTestFinished(() => removeDirectory(root));
  return join(root, "journal");
}

/** Opens a store for a test, which is closed afterwards. */
export async function openStore(options: LogStoreOptions): Promise<LogStore> {
  const store = await LogStore.open(options);
  onTestFinished(() => store.close());
  return store;
}

export function append(store: LogStore, ...batch: readonly (Update | string)[]): Promise<LogOutcome> {
  return appendWhole(store, { batch: batch.map((one) => (typeof one === "string" ? update(one) : one)), steps: [] });
}

export function appendWhole(store: LogStore, append: LogAppend): Promise<LogOutcome> {
  return store.append(encodeAppend(append));
}

/** Reads all records that can be read, and the offsets at which a page was `trimmed`. */
export async function readAll(
  log: Pick<LogStore, "reader"> | Pick<Journal, "read">,
  from = 0,
): Promise<{ records: JournalRecord[]; gaps: number[] }> {
  const records: JournalRecord[] = [];
  const gaps: number[] = [];
  for (let after = from; ;) {
    const limits = { maxRecords: 100, maxBytes: 1024 * 1024 };
    const page = await ("reader" in log ? log.reader.page(after, limits) : log.read(after, limits));
    if (page.kind === "trimmed") {
      gaps.push(after + 1);
      after = page.head - 1;
    } else if (page.records.length === 0) return { records, gaps };
    else {
      records.push(...page.records);
      after = page.records.at(-1)!.offset;
    }
  }
}

const offsetsOf = ({ first, count }: { readonly first: number; readonly count: number }): number[] =>
  Array.from({ length: count }, (_, i) => first + i);

/** A journal of one process, so that the contract can be checked on the store alone. */
export async function singleJournal(options: LogStoreOptions): Promise<Journal> {
  const store = await LogStore.open(options);
  const commit = (append: LogAppend): Promise<LogOutcome> => store.append(encodeAppend(append));
  return {
    epoch: store.place.epoch,
    restoredUpTo: store.place.restoredUpTo,
    append: async (batch) => {
      const outcome = await commit({ batch, steps: [] });
      if (outcome.kind !== "appended") throw new Error(outcome.kind);
      return offsetsOf(outcome);
    },
    state: { commit: async (steps) => void (await commit({ batch: [], steps })), entries: (prefix, rest) => store.entries(prefix, rest) },
    idempotency: {
      append: async ({ key, request, batch, steps = [], answer }) => {
        const outcome = await commit({ batch, steps, keyed: { digest: digestOf(key), request: digestOf(request), answer } });
        return outcome.kind === "appended" ? { kind: "appended", offsets: offsetsOf(outcome) } : outcome;
      },
      find: ({ key, request }) => store.findKey(digestOf(key), digestOf(request)),
    },
    read: (after, limits) => store.reader.page(after, limits),
    follow: (after, onAppended) => {
      let seen = after;
      const give = (): void => {
        const { tail } = store.place;
        const records = store.reader.between(Math.max(seen, store.place.head - 1), tail);
        seen = Math.max(seen, tail);
        if (records.length > 0) onAppended(records);
      };
      give();
      return store.onMoved(give);
    },
    find: (id) => store.findId(id),
    tail: () => store.place.tail,
    head: () => store.place.head,
    bytes: () => store.place.bytes,
    close: () => store.close(),
  };
}
