import type { AppendOutcome, IdempotentAppend, JournalIdempotency } from "../core/journal/idempotency.ts";
import type { Journal, Retention } from "../core/journal/journal.ts";
import { check, type ContractCase, data, equal, type JournalHarness, readAll, update, updates } from "./contract-case.ts";

type KeepingJournal = Journal & { readonly idempotency: JournalIdempotency };

type Open = (retention?: Retention) => Promise<KeepingJournal>;

function keyCase(name: string, run: (open: Open, harness: JournalHarness) => Promise<void>, reopens = false): ContractCase {
  const openWith = (harness: JournalHarness): Open => {
    return async (retention) => {
      const journal = await harness.open(retention === undefined ? {} : { retention });
      check(keepsKeys(journal), "the journal has no idempotency");
      return journal;
    };
  };
  return { name, reopens, usesState: false, usesIdempotency: true, run: (harness) => run(openWith(harness), harness) };
}

function keepsKeys(journal: Journal): journal is KeepingJournal {
  return journal.idempotency !== undefined;
}

function attempt(key: string, batch = [update(key)], rest: Partial<IdempotentAppend> = {}): IdempotentAppend {
  return { key, request: `publish ${key}`, batch, ...rest };
}

function equalOutcome(actual: AppendOutcome | undefined, kind: "appended" | "repeated", offsets: readonly number[], answer?: string): void {
  check(actual?.kind === kind, `expected ${kind}, got ${actual?.kind}`);
  equal(actual.offsets, offsets, `the offsets of the ${kind} updates`);
  if (actual.kind === "repeated") equal(actual.answer, answer, "the answer");
}

/** Promises of a journal that keeps idempotency keys. */
export const idempotencyCases: readonly ContractCase[] = [
  keyCase("appends once for a key, and gives each further attempt the first outcome", async (open) => {
    const journal = await open();
    await journal.append(updates(2));
    equal(await journal.idempotency.find(attempt("k")), undefined, "a key that was never used");
    const three = updates(3, 3);
    equalOutcome(await journal.idempotency.append(attempt("k", three)), "appended", [3, 4, 5]);
    await journal.append([update("6")]);
    equalOutcome(await journal.idempotency.append(attempt("k", three)), "repeated", [3, 4, 5]);
    equalOutcome(await journal.idempotency.find(attempt("k")), "repeated", [3, 4, 5]);
    // Any text is a key, of any length, and only the same text is the same key.
    for (const [i, key] of ["", "K", "k ", "é\u0000", "x".repeat(5000)].entries()) {
      equalOutcome(await journal.idempotency.append(attempt(key)), "appended", [7 + i]);
      equalOutcome(await journal.idempotency.append(attempt(key)), "repeated", [7 + i]);
    }
    equal((await readAll(journal)).length, 11, "records");
    await journal.close();
  }),

  keyCase("refuses a key with another request, and goes on knowing the first one", async (open) => {
    const journal = await open();
    await journal.idempotency.append(attempt("k"));
    const other = attempt("k", [update("other")], { request: "another" });
    equal((await journal.idempotency.append(other)).kind, "reused", "another request");
    equal((await journal.idempotency.find(other))?.kind, "reused", "another request, looked for");
    equalOutcome(await journal.idempotency.append(attempt("k")), "repeated", [1]);
    equal(data(await readAll(journal)), ["k"], "records");
    await journal.close();
  }),

  keyCase("keeps the answer that came with the first attempt", async (open) => {
    const journal = await open();
    await journal.idempotency.append(attempt("k", updates(1), { answer: '["é"]' }));
    equalOutcome(await journal.idempotency.append(attempt("k", updates(1), { answer: "of the second" })), "repeated", [1], '["é"]');
    await journal.close();
  }),

  keyCase("appends once when attempts overlap, among other appends", async (open) => {
    const journal = await open();
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        if (i % 3 === 2) return void (await journal.append([update(`plain ${i}`)]));
        return [i % 5, await journal.idempotency.append(attempt(String(i % 5), [update(`${i % 5}`), update(`${i % 5}`)]))] as const;
      }),
    );
    const first = new Map<number, readonly number[]>();
    for (const outcome of outcomes) {
      if (outcome === undefined) continue;
      const [key, { kind }] = outcome;
      check(kind !== "reused", "the same request was taken for another");
      equal(kind === "appended", !first.has(key), `whether an attempt with key ${key} appends`);
      const { offsets } = outcome[1] as { readonly offsets: readonly number[] };
      equal(offsets, first.get(key) ?? offsets, `the offsets of key ${key}`);
      first.set(key, offsets);
    }
    const records = await readAll(journal);
    equal(records.length, 20 + 5 * 2, "records");
    for (const [key, offsets] of first) {
      for (const offset of offsets) equal(records[offset - 1]?.data, String(key), "the record at an offset");
    }
    await journal.close();
  }),

  keyCase("forgets a key when the last record of its append is trimmed, and not before", async (open) => {
    const journal = await open({ maxCount: 4 });
    await journal.idempotency.append(attempt("k", updates(3)));
    await journal.append(updates(3, 4));
    equal(journal.head(), 3, "head");
    // Two of the three are gone.
    equalOutcome(await journal.idempotency.append(attempt("k", updates(3))), "repeated", [1, 2, 3]);
    await journal.append(updates(1, 7));
    equal(await journal.idempotency.find(attempt("k")), undefined, "a key whose records were trimmed");
    equalOutcome(await journal.idempotency.append(attempt("k", updates(3))), "appended", [8, 9, 10]);
    equalOutcome(await journal.idempotency.append(attempt("k", updates(3))), "repeated", [8, 9, 10]);
    await journal.close();
  }),

  keyCase("follows and finds updates with a key like any others", async (open) => {
    const journal = await open();
    const followed: string[] = [];
    journal.follow(0, (records) => followed.push(...data(records)));
    await journal.idempotency.append(attempt("k", [update("1", { id: "own" })]));
    await journal.idempotency.append(attempt("k", [update("1", { id: "own" })]));
    equal(followed, ["1"], "what was followed");
    equal(await journal.find("own"), [1], "find");
    await journal.close();
  }),

  keyCase("changes the shared table in the same commit, once, where there is one", async (open) => {
    const journal = await open();
    const { state } = journal;
    if (state !== undefined) {
      const steps = [{ key: "a", value: "1", update: update("note") }];
      equalOutcome(await journal.idempotency.append(attempt("k", [], { steps })), "appended", [1]);
      await state.commit([{ key: "a", value: undefined }]);
      equalOutcome(await journal.idempotency.append(attempt("k", [], { steps })), "repeated", [1]);
      equal(await state.entries("", { limit: 10 }), [], "entries");
    }
    await journal.close();
  }),

  keyCase(
    "knows its keys when it is reopened, and none once wiped",
    async (open, harness) => {
      const first = await open();
      await first.idempotency.append(attempt("k", updates(2), { answer: "a" }));
      await first.close();
      const second = await open();
      equalOutcome(await second.idempotency.append(attempt("k", updates(2))), "repeated", [1, 2], "a");
      equal((await second.idempotency.append(attempt("k", updates(2), { request: "another" }))).kind, "reused", "another request");
      await second.close();
      await harness.wipe();
      const third = await open();
      equal(await third.idempotency.find(attempt("k")), undefined, "the key after a wipe");
      await third.close();
    },
    true,
  ),

  keyCase("knows no keys any more once closed", async (open) => {
    const journal = await open();
    await journal.idempotency.append(attempt("k"));
    await journal.close();
    const error: unknown = await journal.idempotency.append(attempt("k")).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    check(error instanceof Error && Reflect.get(error, "code") === "journal_unavailable", "an attempt after close() is not refused");
  }),
];
