import { randomBytes } from "node:crypto";
import { closeSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { JournalPage } from "../../../packages/hub/src/core/journal/journal.ts";
import { logJournal } from "artesian/journals/log";
import { expect, it, onTestFinished } from "vitest";
import { longestTurnMs } from "../../support/cpu.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const RECORDS = 70_000;
const BATCH = 500;
/** Leads to segments of 64 MiB. */
const RETENTION = { maxCount: 10_000_000 };
const MEBIBYTE = 1024 * 1024;
/** A search takes 10 to 50 ms, and twice that on a busy machine. A search for each reader of a turn takes seconds. */
const LONGEST_MS = 400;
const READERS = 200;

async function fill(directory: string): Promise<void> {
  const journal = await logJournal({ directory, retention: RETENTION });
  const update = { topics: ["t"], data: "x".repeat(1000), id: undefined, type: undefined, retry: undefined, private: false };
  for (let i = 0; i < RECORDS; i += BATCH) await Promise.all(Array.from({ length: BATCH }, () => journal.append([update])));
  await journal.close();
}

const zeros = (length: number): Buffer => Buffer.alloc(length);

it.each([
  ["other bytes now", randomBytes, true],
  ["zeros now", zeros, true],
  ["zeros now, without an index file", zeros, false],
])("readers within a wide part that is %s hold up nothing for long", { timeout: 60_000 }, async (_, bytesOf, hasIndex) => {
  const directory = temporaryDirectory();
  await fill(directory);
  const [sealed = ""] = readdirSync(directory).filter((name) => name.endsWith(".log"));
  const path = join(directory, sealed);
  // Without an index, the damage reaches to the end, so that the entries never become known.
  const length = (hasIndex ? 50 : 59) * MEBIBYTE;
  expect(statSync(path).size).toBeGreaterThan(60 * MEBIBYTE);
  const fd = openSync(path, "r+");
  writeSync(fd, bytesOf(length), 0, length, hasIndex ? 5 * MEBIBYTE : statSync(path).size - length);
  closeSync(fd);
  if (!hasIndex) rmSync(join(directory, sealed.replace(".log", ".index")));
  const journal = await logJournal({ directory, retention: RETENTION, onDamage: () => undefined });
  onTestFinished(() => journal.close());
  const read = (after: number) => journal.read(after, { maxRecords: 1, maxBytes: MEBIBYTE });
  const pages: JournalPage[] = [];
  const before = process.cpuUsage();
  const longest = await longestTurnMs(async () => {
    for (let i = 0; i < READERS; i++) pages.push(await read(10_000 + 40 * i));
  });
  const { user, system } = process.cpuUsage(before);
  // All of them go on with the same record.
  const [{ head } = { head: 0 }] = pages as { head: number }[];
  expect(new Set(pages.map((page) => JSON.stringify(page)))).toEqual(new Set([JSON.stringify({ kind: "trimmed", head })]));
  expect(await read(head - 1)).toMatchObject({ kind: "records", records: [{ offset: head }] });
  expect(longest).toBeLessThan(LONGEST_MS);
  // A search for each would take ten times as much.
  expect((user + system) / 1000).toBeLessThan(1000);
});
