import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmdbJournal } from "artesian/journals/lmdb";
import { memoryJournal } from "artesian/journals/memory";
import { journalContract, type JournalHarness } from "artesian/testing";
import { afterEach, describe, it } from "vitest";

const directories: string[] = [];

function lmdbHarness(): JournalHarness {
  const directory = mkdtempSync(join(tmpdir(), "artesian-journal-"));
  directories.push(directory);
  return {
    open: async ({ retention }) => lmdbJournal({ directory, ...(retention && { retention }) }),
    wipe: async () => rmSync(directory, { recursive: true }),
    persistence: "durable",
    state: "shared",
    idempotency: "kept",
  };
}

const memoryHarness = (): JournalHarness => ({
  open: async ({ retention }) => memoryJournal({ retention }),
  wipe: async () => undefined,
  persistence: { none: "a memory journal ends with its process, by design" },
  state: "shared",
  idempotency: "kept",
});

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

describe.each([
  ["memory", memoryHarness],
  ["lmdb", lmdbHarness],
])("the %s journal", (_name, createHarness) => {
  const durable = createHarness().persistence === "durable";
  const shared = createHarness().state === "shared";
  const keeps = createHarness().idempotency === "kept";
  const applies = journalContract.filter(
    ({ reopens, usesState, usesIdempotency }) => (durable || !reopens) && (shared || !usesState) && (keeps || !usesIdempotency),
  );
  for (const one of applies) {
    it(one.name, () => one.run(createHarness()));
  }
});
