import { HubError } from "../core/errors.ts";
import { type Journal, type JournalRecord, recordBytes } from "../core/journal/journal.ts";
import type { JournalState } from "../core/journal/state.ts";
import { ALL, check, type ContractCase, data, equal, type JournalHarness, readAll, update, updates } from "./contract-case.ts";
import { idempotencyCases } from "./idempotency-contract.ts";

function contractCase(name: string, run: (harness: JournalHarness) => Promise<void>): ContractCase {
  return { name, reopens: false, usesState: false, usesIdempotency: false, run };
}

function reopeningCase(name: string, run: (harness: JournalHarness) => Promise<void>): ContractCase {
  return { name, reopens: true, usesState: false, usesIdempotency: false, run };
}

function stateCase(
  name: string,
  options: { readonly reopens: boolean },
  run: (harness: JournalHarness, open: () => Promise<Journal & { readonly state: JournalState }>) => Promise<void>,
): ContractCase {
  const openWithState = async (harness: JournalHarness): Promise<Journal & { readonly state: JournalState }> => {
    const journal = await harness.open({});
    check(hasState(journal), "the journal has no state");
    return journal;
  };
  return {
    name,
    reopens: options.reopens,
    usesState: true,
    usesIdempotency: false,
    run: (harness) => run(harness, () => openWithState(harness)),
  };
}

function hasState(journal: Journal): journal is Journal & { readonly state: JournalState } {
  return journal.state !== undefined;
}

/**
 * Promises that every journal must keep. Runs in any test runner:
 *
 * @example
 * ```ts
 * for (const one of journalContract) it(one.name, () => one.run(harness()));
 * ```
 */
export const journalContract: readonly ContractCase[] = [
  contractCase("begins empty: tail 0, head 1, nothing to read or find", async (harness) => {
    const journal = await harness.open({});
    equal([journal.tail(), journal.head()], [0, 1], "tail and head");
    check(/^[0-9A-Za-z]{8}$/.test(journal.epoch), `the epoch ${journal.epoch} is not 8 letters and digits`);
    equal(await readAll(journal), [], "records");
    equal(await journal.find("x"), [], "find");
    await journal.close();
  }),

  contractCase("gives rising offsets and returns every field as it was appended", async (harness) => {
    const journal = await harness.open({});
    const full = update("line 1\r\nline 2\u0000😀", { topics: ["topic", "b"], id: "my-id", type: "t", retry: 0, private: true, ttlMs: 5 });
    const offsets = await journal.append([full, update("")]);
    equal(offsets, [1, 2], "offsets");
    const records = await readAll(journal);
    for (const [name, value] of Object.entries(full)) equal(Reflect.get(records[0] as object, name), value, name);
    check(
      records[1]?.id === undefined && records[1]?.type === undefined && records[1]?.retry === undefined,
      "absent fields are not undefined",
    );
    check(Math.abs((records[0]?.at ?? 0) - Date.now()) < 60_000, "the time of appending is not now");
    await journal.close();
  }),

  contractCase("takes an append of nothing as a question: nobody is told, and nothing moves", async (harness) => {
    const journal = await harness.open({});
    await journal.append([update("1")]);
    const told: unknown[] = [];
    const stop = journal.follow(1, (records) => told.push(records));
    equal(await journal.append([]), [], "the offsets");
    equal([journal.tail(), journal.head(), told], [1, 1, []], "tail, head, and what a follower was told");
    stop();
    await journal.close();
    const refused = await journal.append([]).then(
      () => undefined,
      (error: unknown) => (error instanceof HubError ? error.code : error),
    );
    equal(refused, "journal_unavailable", "an append of nothing to a journal that is closed");
  }),

  contractCase("counts the bytes of the records held, and not those of dropped records", async (harness) => {
    const journal = await harness.open({ retention: { maxCount: 2 } });
    equal(journal.bytes(), 0, "bytes of an empty journal");
    const all = [update("1"), update("four"), update("é".repeat(30), { id: "i", type: "t" })];
    await journal.append(all);
    await journal.append([update("last")]);
    const held = await readAll(journal, journal.head() - 1);
    equal(
      journal.bytes(),
      held.reduce((sum, record) => sum + recordBytes(record), 0),
      "bytes",
    );
    await journal.close();
  }),

  contractCase("keeps batches whole when appends overlap", async (harness) => {
    const journal = await harness.open({});
    const batches = Array.from({ length: 50 }, (_, b) => Array.from({ length: 7 }, (_, i) => update(`${b}:${i}`)));
    const offsets = await Promise.all(batches.map((batch) => journal.append(batch)));
    const records = await readAll(journal);
    equal(records.length, 350, "records");
    for (const [b, batch] of offsets.entries()) {
      for (const [i, offset] of batch.entries()) {
        equal(offset, (batch[0] as number) + i, "offsets within a batch");
        equal(records[offset - 1]?.data, `${b}:${i}`, "the record at an offset");
      }
    }
    await journal.close();
  }),

  contractCase("reads pages that meet: by count, by bytes, and at least one record", async (harness) => {
    const journal = await harness.open({});
    await journal.append(updates(10));
    const three = await journal.read(4, { maxRecords: 3, maxBytes: Infinity });
    check(three.kind === "records", "trimmed");
    equal(data(three.records), ["5", "6", "7"], "three records after 4");
    const one = await journal.read(0, { maxRecords: 10, maxBytes: 1 });
    check(one.kind === "records", "trimmed");
    equal(data(one.records), ["1"], "one record where not even one fits");
    equal(await readAll(journal, 10), [], "records after the tail");
    await journal.close();
  }),

  contractCase("finds a publisher's id, the earliest first where it is reused", async (harness) => {
    const journal = await harness.open({});
    await journal.append([update("1", { id: "once" }), update("2", { id: "twice" })]);
    await journal.append([update("3"), update("4", { id: "twice" }), update("5", { id: "é😀" })]);
    equal(await journal.find("once"), [1], "once");
    equal(await journal.find("twice"), [2, 4], "twice");
    equal(await journal.find("é😀"), [5], "an id that is not ASCII");
    equal(await journal.find("never"), [], "never");
    equal(await journal.find(""), [], "the empty id");
    equal(await journal.find("x".repeat(5000)), [], "an id longer than any");
    await journal.close();
  }),

  contractCase("hands followers each record once, in order, before its append is acknowledged", async (harness) => {
    const journal = await harness.open({});
    await journal.append(updates(3));
    const followed: JournalRecord[] = [];
    const unfollow = journal.follow(1, (records) => followed.push(...records));
    equal(data(followed), ["2", "3"], "what was appended before following");
    await Promise.all([journal.append(updates(2, 4)), journal.append(updates(1, 6))]);
    equal(data(followed), ["2", "3", "4", "5", "6"], "what was followed");
    unfollow();
    await journal.append(updates(1, 7));
    equal(followed.length, 5, "records after unfollowing");
    await journal.close();
  }),

  contractCase("joins a replay and the tail without a seam while appends go on", async (harness) => {
    const journal = await harness.open({});
    await journal.append(updates(500));
    let next = 501;
    const appends: Promise<unknown>[] = [];
    const seen: string[] = [];
    for (let after = 0; ;) {
      if (next < 700) appends.push(journal.append(updates(10, next)));
      next += 10;
      const page = await journal.read(after, { maxRecords: 37, maxBytes: Infinity });
      check(page.kind === "records", "trimmed");
      if (page.records.length === 0 && next >= 700) break;
      seen.push(...data(page.records));
      after = page.records.at(-1)?.offset ?? after;
    }
    await Promise.all(appends);
    const last = Number(seen.at(-1) ?? 0);
    const followed: string[] = [];
    journal.follow(last, (records) => followed.push(...data(records)));
    equal(
      [...seen, ...followed].map(Number),
      Array.from({ length: 700 }, (_, i) => i + 1),
      "replayed and followed",
    );
    await journal.close();
  }),

  contractCase("trims by count, and a read of a trimmed place says so", async (harness) => {
    const journal = await harness.open({ retention: { maxCount: 10 } });
    for (let i = 0; i < 10; i++) await journal.append(updates(10, i * 10 + 1));
    equal([journal.head(), journal.tail()], [91, 100], "head and tail");
    equal(await journal.read(0, ALL), { kind: "trimmed", head: 91 }, "a read from before the head");
    equal(await journal.read(89, ALL), { kind: "trimmed", head: 91 }, "a read that would miss one record");
    equal((await readAll(journal, 90)).length, 10, "records after the place just before the head");
    await journal.close();
  }),

  contractCase("trims by bytes", async (harness) => {
    const journal = await harness.open({ retention: { maxBytes: 10_000 } });
    for (let i = 0; i < 100; i++) await journal.append([update("x".repeat(1000))]);
    const held = journal.tail() - journal.head() + 1;
    check(held >= 5 && held <= 10, `${held} records of 1,070 bytes are held in 10,000`);
    await journal.close();
  }),

  contractCase("trims by age", async (harness) => {
    const journal = await harness.open({ retention: { maxAgeMs: 50 } });
    await journal.append(updates(5));
    const until = Date.now() + 60;
    while (Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    await journal.append(updates(1, 6));
    equal([journal.head(), journal.tail()], [6, 6], "head and tail");
    await journal.close();
  }),

  contractCase("forgets a trimmed id, and then finds the next record that reuses it", async (harness) => {
    const journal = await harness.open({ retention: { maxCount: 2 } });
    await journal.append([update("1", { id: "a" }), update("2", { id: "b" })]);
    await journal.append([update("3", { id: "a" })]);
    equal(await journal.find("a"), [3], "the id reused");
    await journal.append(updates(2, 4));
    equal(await journal.find("a"), [], "the id trimmed");
    await journal.close();
  }),

  contractCase("refuses appends once closed", async (harness) => {
    const journal = await harness.open({});
    const last = journal.append(updates(1));
    const closed = journal.close();
    equal(await last, [1], "an append from before");
    await closed;
    const error: unknown = await journal.append(updates(1)).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    check(
      error instanceof HubError && error.code === "journal_unavailable",
      "an append after close() is not refused with journal_unavailable",
    );
  }),

  reopeningCase("keeps records, ids, offsets and its epoch when it is opened again", async (harness) => {
    const first = await harness.open({});
    await first.append([update("1", { id: "one" }), update("2")]);
    await first.close();
    const second = await harness.open({});
    equal(second.epoch, first.epoch, "epoch");
    equal([second.head(), second.tail()], [1, 2], "head and tail");
    equal(data(await readAll(second)), ["1", "2"], "replay without publishing first");
    equal(await second.find("one"), [1], "find");
    equal(await second.append(updates(1, 3)), [3], "the next offset");
    await second.close();
  }),

  reopeningCase("never gives an offset twice, even when everything was trimmed", async (harness) => {
    const first = await harness.open({});
    await first.append(updates(5));
    await first.close();
    const second = await harness.open({ retention: { maxCount: 0 } });
    equal(await second.append(updates(1, 6)), [6], "offset");
    await second.close();
    const third = await harness.open({});
    equal([third.head(), third.tail()], [7, 6], "head and tail");
    equal(await third.append(updates(1, 7)), [7], "offset");
    await third.close();
  }),

  contractCase("has a new epoch once wiped", async (harness) => {
    const first = await harness.open({});
    await first.append(updates(1));
    await first.close();
    await harness.wipe();
    const second = await harness.open({});
    check(second.epoch !== first.epoch, "the epoch is the same");
    equal(second.tail(), 0, "tail");
    await second.close();
  }),

  stateCase("lists the entries of a prefix in order, a page at a time", { reopens: false }, async (_harness, open) => {
    const journal = await open();
    const { state } = journal;
    await state.commit(["b/2", "a/1", "b/1", "b", "b/10", "c/1"].map((key) => ({ key, value: `value of ${key}` })));
    equal(
      (await state.entries("b/", { limit: 10 })).map(({ key, value }) => [key, value]),
      ["b/1", "b/10", "b/2"].map((key) => [key, `value of ${key}`]),
      "entries",
    );
    equal(
      (await state.entries("b/", { limit: 2 })).map(({ key }) => key),
      ["b/1", "b/10"],
      "the first page",
    );
    equal(
      (await state.entries("b/", { after: "b/10", limit: 2 })).map(({ key }) => key),
      ["b/2"],
      "the second page",
    );
    equal(
      (await state.entries("b/", { after: "b/11", limit: 2 })).map(({ key }) => key),
      ["b/2"],
      "after a key that is not there",
    );
    equal(await state.entries("b/", { after: "b/2", limit: 2 }), [], "after the last");
    for (const after of ["", "a", "b"])
      equal((await state.entries("b/", { after, limit: 5 })).length, 3, `after ${after}, before the prefix`);
    equal((await state.entries("", { limit: 10 })).length, 6, "all entries");
    await state.commit([
      { key: "b/1", value: "new" },
      { key: "b/2", value: undefined },
    ]);
    equal(
      (await state.entries("b/", { limit: 10 })).map(({ key, value }) => [key, value]),
      [
        ["b/1", "new"],
        ["b/10", "value of b/10"],
      ],
      "entries after changes",
    );
    await journal.close();
  }),

  stateCase(
    "appends the updates of the steps in the same commit, except of a removal of an absent entry",
    { reopens: false },
    async (_harness, open) => {
      const journal = await open();
      const followed: string[] = [];
      journal.follow(0, (records) => followed.push(...data(records)));
      await Promise.all([
        journal.append([update("1")]),
        journal.state.commit([
          { key: "k", value: "v", update: update("2") },
          { key: "never", value: undefined, update: update("lost") },
        ]),
        journal.append([update("3")]),
      ]);
      // Of many calls that remove one entry, one call tells of the removal.
      await Promise.all(
        Array.from({ length: 5 }, (_, i) => journal.state.commit([{ key: "k", value: undefined, update: update(`removed by ${i}`) }])),
      );
      equal(data(await readAll(journal)), ["1", "2", "3", "removed by 0"], "records");
      equal(followed, ["1", "2", "3", "removed by 0"], "what a follower saw");
      equal(await journal.state.entries("", { limit: 10 }), [], "entries");
      await journal.close();
    },
  ),

  stateCase("keeps entries when it is reopened, and loses them when it is wiped", { reopens: true }, async (harness, open) => {
    const first = await open();
    await first.state.commit([{ key: "kept", value: "é\u0000\n" }]);
    await first.close();
    const second = await open();
    equal(await second.state.entries("", { limit: 10 }), [{ key: "kept", value: "é\u0000\n" }], "entries");
    await second.close();
    await harness.wipe();
    const third = await open();
    equal(await third.state.entries("", { limit: 10 }), [], "entries after a wipe");
    await third.close();
  }),

  ...idempotencyCases,
];
