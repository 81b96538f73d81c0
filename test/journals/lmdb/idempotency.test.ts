import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { lmdbJournal } from "artesian/journals/lmdb";
import { open } from "lmdb";
import { describe, expect, it, onTestFinished } from "vitest";

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "artesian-keys-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const update = (data: string) => ({ topics: ["t"], data, id: undefined, type: undefined, retry: undefined, private: false });
const attempt = (key: string) => ({ key, request: `request of ${key}`, batch: [update(key), update(key)] });

type Writer = ChildProcessByStdio<Writable, Readable, null>;

/** Another process on the journal: for each line of a JSON list of keys it makes all attempts at once, and prints `KEY OUTCOME OFFSETS`. */
function startWriter(directory: string): Writer {
  const script = `
    import { createInterface } from "node:readline";
    import { lmdbJournal } from "artesian/journals/lmdb";
    const journal = lmdbJournal({ directory: ${JSON.stringify(directory)} });
    const update = ${update.toString()};
    const attempt = ${attempt.toString()};
    console.log("ready");
    for await (const line of createInterface({ input: process.stdin })) {
      for (const key of JSON.parse(line)) {
        journal.idempotency.append(attempt(key)).then(({ kind, offsets }) => console.log(key, kind, offsets.join()));
      }
    }
    await journal.close();
  `;
  const writer = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", "inherit"] });
  writer.stdin.on("error", () => undefined);
  onTestFinished(() => void writer.kill("SIGKILL"));
  return writer;
}

async function allRecords(directory: string): Promise<string[]> {
  const journal = lmdbJournal({ directory });
  const page = await journal.read(0, { maxRecords: Infinity, maxBytes: Infinity });
  await journal.close();
  return page.kind === "records" ? page.records.map(({ data }) => data) : [];
}

describe("idempotency keys of an lmdb journal", () => {
  it("are those of all its processes: of attempts at the same time, one appends", async () => {
    const directory = temporaryDirectory();
    const writers = [startWriter(directory), startWriter(directory), startWriter(directory)];
    const outputs = writers.map(({ stdout }) => createInterface({ input: stdout })[Symbol.asyncIterator]());
    for (const output of outputs) expect((await output.next()).value).toBe("ready");
    const keys = Array.from({ length: 300 }, (_, i) => `key-${i}`);
    for (const writer of writers) writer.stdin.write(`${JSON.stringify(keys)}\n`);
    const outcomes = new Map<string, string[]>(keys.map((key) => [key, []]));
    for (const output of outputs) {
      for (const _ of keys) {
        const [key = "", kind = "", offsets] = ((await output.next()).value as string).split(" ");
        outcomes.get(key)?.push(`${kind} ${offsets}`);
      }
    }
    for (const [key, [first, second, third]] of [...outcomes].map(([key, all]) => [key, all.toSorted()] as const)) {
      expect(first, key).toMatch(/^appended \d+,\d+$/);
      expect([second, third], key).toEqual([first?.replace("appended", "repeated"), first?.replace("appended", "repeated")]);
    }
    for (const writer of writers) writer.stdin.end();
    await Promise.all(writers.map((writer) => once(writer, "exit")));
    expect((await allRecords(directory)).toSorted()).toEqual(keys.flatMap((key) => [key, key]).toSorted());
  });

  it("survive kill -9 at any moment, together with what they belong to", async () => {
    const directory = temporaryDirectory();
    const keys = Array.from({ length: 2000 }, (_, i) => `key-${i}`);
    const acknowledged = new Map<string, string>();
    // Each round is killed after another number of answers, and the next one tries everything again.
    for (const killAfter of [1, 150, 700, Infinity]) {
      const writer = startWriter(directory);
      let answers = 0;
      for await (const line of createInterface({ input: writer.stdout })) {
        if (line === "ready") {
          writer.stdin.end(`${JSON.stringify(keys)}\n`);
          continue;
        }
        const [key = "", kind, offsets = ""] = line.split(" ");
        if (acknowledged.has(key)) expect([kind, offsets], key).toEqual(["repeated", acknowledged.get(key)]);
        acknowledged.set(key, offsets);
        if (++answers === killAfter) writer.kill("SIGKILL");
      }
    }
    expect(acknowledged.size).toBe(keys.length);
    const records = await allRecords(directory);
    expect(records.toSorted()).toEqual(keys.flatMap((key) => [key, key]).toSorted());
    for (const [key, offsets] of acknowledged) {
      for (const offset of offsets.split(",")) expect(records[Number(offset) - 1]).toBe(key);
    }
  });

  it("that cannot be read are refused, and harm nothing else", async () => {
    const directory = temporaryDirectory();
    const journal = lmdbJournal({ directory });
    await journal.idempotency?.append(attempt("a"));
    await journal.close();
    const root = open({ path: directory, noSubdir: false, overlappingSync: false });
    const keys = root.openDB<string, string>({ name: "keys", encoding: "string" });
    const [row] = [...keys.getRange()];
    // As an error of the disk might leave it: another offset.
    await keys.put(row?.key ?? "", (row?.value ?? "").replace(",1,2", ",7,8"));
    await root.close();
    const again = lmdbJournal({ directory });
    const [damaged, other, plain] = await Promise.allSettled([
      again.idempotency?.append(attempt("a")),
      again.idempotency?.append(attempt("b")),
      again.append([update("plain")]),
    ]);
    expect(damaged).toMatchObject({ status: "rejected", reason: { code: "journal_unavailable" } });
    await expect(again.idempotency?.find(attempt("a"))).rejects.toMatchObject({ code: "journal_unavailable" });
    expect(other).toMatchObject({ value: { kind: "appended", offsets: [3, 4] } });
    expect(plain).toMatchObject({ value: [5] });
    await again.close();
  });
});
