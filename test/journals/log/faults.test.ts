import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HubError } from "artesian";
import { type FileOperations, realFiles } from "../../../packages/hub/src/journals/log/files/file-operations.ts";
import type { LogStore } from "../../../packages/hub/src/journals/log/writing/store.ts";
import { append, appendWhole, newDirectory, openStore, readAll, update } from "./support.ts";

const ZERO = 0;

/** The real operations, which fail when told to. Space that is kept ready is not meant. */
class FailingFiles implements FileOperations {
  failing: { write?: string; flush?: string; truncate?: string; half?: boolean } = {};
  flushes = 0;
  #entriesAreWritten = false;

  write(fd: number, bytes: Uint8Array, position: number): void {
    this.#entriesAreWritten = position > ZERO;
    if (this.failing.write === undefined || position === ZERO) return realFiles.write(fd, bytes, position);
    if (this.failing.half === true) realFiles.write(fd, bytes.subarray(0, Math.ceil(bytes.length * 0.7)), position);
    throw failure(this.failing.write);
  }

  async flush(fd: number): Promise<void> {
    if (this.#entriesAreWritten && this.failing.flush !== undefined) throw failure(this.failing.flush);
    this.flushes++;
    await realFiles.flush(fd);
  }

  fill(fd: number, bytes: Uint8Array, position: number): Promise<void> {
    return realFiles.fill(fd, bytes, position);
  }

  async truncate(fd: number, length: number): Promise<void> {
    if (this.failing.truncate !== undefined) throw failure(this.failing.truncate);
    await realFiles.truncate(fd, length);
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: of the test`), { code });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "resolved",
    (error: unknown) => (error instanceof HubError ? error.code : String(error)),
  );
}

const data = async (store: LogStore): Promise<string[]> => (await readAll(store)).records.map((record) => record.data);

describe("a write that fails", () => {
  it.each([
    ["ENOSPC", "journal_full"],
    ["EDQUOT", "journal_full"],
    ["EFBIG", "journal_full"],
    ["EIO", "journal_unavailable"],
    ["EROFS", "journal_unavailable"],
  ])("with %s refuses the appends of its group, and the next go on", async (code, expected) => {
    const directory = newDirectory();
    const files = new FailingFiles();
    const store = await openStore({ directory, files });
    await append(store, "1");
    for (const half of [false, true]) {
      files.failing = { write: code, half };
      const refused = [append(store, "no", "no"), append(store, "no"), append(store, "no"), append(store, "no")];
      expect(await Promise.all(refused.map(codeOf))).toEqual(refused.map(() => expected));
      expect(await codeOf(append(store))).toBe(expected);
      files.failing = {};
    }
    // Of the same size as the first of those that were refused, which must not come back behind it.
    expect(await append(store, "ok", "ok")).toEqual({ kind: "appended", first: 2, count: 2 });
    expect(await data(store)).toEqual(["1", "ok", "ok"]);
    const file = join(directory, "0000000000000001.log");
    expect(readFileSync(file).includes("no")).toBe(false);
  });

  it("changes neither the table, nor the keys, nor the ids, nor the head", async () => {
    const files = new FailingFiles();
    const store = await openStore({ directory: newDirectory(), files, retention: { maxCount: 2 } });
    await appendWhole(store, { batch: [update("1"), update("2")], steps: [{ key: "k", value: "old" }] });
    const { place } = store;
    files.failing = { write: "ENOSPC" };
    const keyed = { digest: "d", request: "r", answer: undefined };
    const steps = [{ key: "k", value: undefined, update: update("gone") }];
    expect(await codeOf(appendWhole(store, { batch: [update("3", { id: "three" })], steps, keyed }))).toBe("journal_full");
    expect(store.place).toEqual(place);
    expect(await store.entries("", { limit: 9 })).toEqual([{ key: "k", value: "old" }]);
    expect(await store.findKey("d", "r")).toBeUndefined();
    expect(await store.findId("three")).toEqual([]);
    files.failing = {};
    expect(await appendWhole(store, { batch: [update("3", { id: "three" })], steps, keyed })).toMatchObject({ first: 3, count: 2 });
    expect(await store.findId("three")).toEqual([3]);
    expect(await store.findKey("d", "r")).toMatchObject({ kind: "repeated", offsets: [3, 4] });
    expect(await store.entries("", { limit: 9 })).toEqual([]);
    expect(store.place).toMatchObject({ head: 3, tail: 4, bytes: 71 + 69 });
  });

  it("on a full disk gives up segments beyond the retention", async () => {
    const directory = newDirectory();
    const files = new FailingFiles();
    const first = await openStore({ directory, files, segmentBytes: 4096 });
    for (let i = 1; i <= 60; i++) await append(first, "x".repeat(500));
    await first.close();
    const before = readdirSync(directory).filter((name) => name.endsWith(".log")).length;
    files.failing = { write: "ENOSPC" };
    const store = await openStore({ directory, files, segmentBytes: 4096, retention: { maxCount: 10 } });
    const moved: number[] = [];
    store.onMoved(({ head }) => moved.push(head));
    expect(await codeOf(append(store, "no"))).toBe("journal_full");
    expect(store.place.head).toBeGreaterThan(30);
    expect(moved).toContain(store.place.head);
    const { head } = store.place;
    files.failing = {};
    await append(store, "ok");
    await store.close();
    expect(readdirSync(directory).filter((name) => name.endsWith(".log")).length).toBeLessThan(before - 4);
    const again = await openStore({ directory, files, segmentBytes: 4096, retention: { maxCount: 100 } });
    expect(again.place.head).toBeGreaterThanOrEqual(head);
  });
});

describe("a flush that fails", () => {
  it("refuses its group for certain, reads the segment again, and goes on in another", async () => {
    const directory = newDirectory();
    const files = new FailingFiles();
    const store = await openStore({ directory, files });
    await append(store, "1");
    files.failing = { flush: "EIO" };
    // Flushing the cut fails as well, so it is not known what is on the disk.
    expect(await codeOf(append(store, "2"))).toBe("outcome_unknown");
    expect(await codeOf(append(store, "3"))).toBe("journal_unavailable");
    expect(await data(store)).toEqual(["1"]);
    files.failing = {};
    expect(await append(store, "4")).toEqual({ kind: "appended", first: 2, count: 1 });
    expect(readdirSync(directory)).toContain("0000000000000002.log");
    expect(await data(store)).toEqual(["1", "4"]);
    await store.close();
    const again = await openStore({ directory });
    expect(await data(again)).toEqual(["1", "4"]);
  });

  it("once is journal_unavailable, if the cut works", async () => {
    const directory = newDirectory();
    const files = new FailingFiles();
    const store = await openStore({ directory, files });
    await append(store, "1");
    files.failing = { flush: "EIO" };
    const truncate = files.truncate.bind(files);
    // The disk works again by the time of the cut.
    files.truncate = async (fd, length) => {
      files.failing = {};
      await truncate(fd, length);
    };
    expect(await codeOf(append(store, "2"))).toBe("journal_unavailable");
    expect(await append(store, "3")).toEqual({ kind: "appended", first: 2, count: 1 });
    expect(await data(store)).toEqual(["1", "3"]);
  });

  it("with a full disk is journal_full", async () => {
    const files = new FailingFiles();
    const store = await openStore({ directory: newDirectory(), files });
    files.failing = { flush: "ENOSPC" };
    files.truncate = async (fd, length) => {
      files.failing = {};
      await realFiles.truncate(fd, length);
    };
    expect(await codeOf(append(store, "1"))).toBe("journal_full");
    expect(await append(store, "2")).toEqual({ kind: "appended", first: 1, count: 1 });
  });

  it("is followed by no append, if flushed updates are gone", async () => {
    const directory = newDirectory();
    const files = new FailingFiles();
    const store = await openStore({ directory, files });
    for (const one of ["1", "2", "3"]) await append(store, one);
    files.failing = { flush: "EIO" };
    expect(await codeOf(append(store, "4"))).toBe("outcome_unknown");
    files.failing = {};
    const file = join(directory, "0000000000000001.log");
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0, store.place.position - 40, store.place.position));
    const told = new Promise<void>((resolve) => store.watchFailure(resolve));
    expect(await codeOf(append(store, "5"))).toBe("journal_unavailable");
    await told;
    expect(store.failure?.cause).toMatchObject({ message: expect.stringContaining("flushed updates are gone") });
    expect(await codeOf(append(store, "6"))).toBe("journal_unavailable");
    expect(await codeOf(store.entries("", { limit: 1 }))).toBe("journal_unavailable");
  });

  it("leaves nothing of its group behind, even if the process ends then", async () => {
    const directory = newDirectory();
    const files = new FailingFiles();
    const store = await openStore({ directory, files, markFile: `${directory}.mark-1` });
    await append(store, "1");
    files.failing = { flush: "EIO" };
    const truncate = files.truncate.bind(files);
    files.truncate = async (fd, length) => {
      files.failing = {};
      await truncate(fd, length);
    };
    expect(await codeOf(append(store, "no"))).toBe("journal_unavailable");
    const again = await openStore({ directory, markFile: `${directory}.mark-2` });
    expect(await data(again)).toEqual(["1"]);
  });
});

describe("files that are taken away", () => {
  it("are missed, and the log goes on once they are back", async () => {
    const directory = newDirectory();
    const store = await openStore({ directory });
    await append(store, "1");
    let told = 0;
    store.watchFailure(() => told++);
    renameSync(directory, `${directory}.away`);
    expect(await codeOf(append(store, "2"))).toBe("journal_unavailable");
    expect(store.failure?.cause).toMatchObject({
      message: expect.stringMatching(/was removed or replaced while it was open: .*identity is gone/),
    });
    expect(await codeOf(store.findId("x"))).toBe("journal_unavailable");
    renameSync(`${directory}.away`, directory);
    expect(store.look()).toBeUndefined();
    expect(await append(store, "2")).toEqual({ kind: "appended", first: 2, count: 1 });
    expect(told).toBe(2);
  });

  it("during a flush leave the outcome open", async () => {
    const directory = newDirectory();
    const files = new FailingFiles();
    const store = await openStore({ directory, files });
    await append(store, "1");
    const flush = files.flush.bind(files);
    files.flush = async (fd) => {
      await flush(fd);
      if (existsSync(directory)) renameSync(directory, `${directory}.away`);
    };
    expect(await codeOf(append(store, "2"))).toBe("outcome_unknown");
    files.flush = flush;
    renameSync(`${directory}.away`, directory);
    expect(await append(store, "3")).toEqual({ kind: "appended", first: 3, count: 1 });
    expect(await data(store)).toEqual(["1", "2", "3"]);
  });

  it("are not written to once others are in their place", async () => {
    const directory = newDirectory();
    const store = await openStore({ directory });
    await append(store, "1");
    rmSync(directory, { recursive: true });
    const other = await openStore({ directory });
    expect(await codeOf(append(store, "2"))).toBe("journal_unavailable");
    await store.close();
    await append(other, "of the other");
    await other.close();
    const again = await openStore({ directory, onPutBack: (what) => expect(what).toBe("") });
    expect(again.place.epoch).toBe(other.place.epoch);
    expect(await data(again)).toEqual(["of the other"]);
  });
});

describe("requests of other processes", () => {
  it("that are malformed are refused alone", async () => {
    const store = await openStore({ directory: newDirectory() });
    const { encodeAppend } = await import("../../../packages/hub/src/journals/log/entries/codec.ts");
    const good = encodeAppend({ batch: [update("good")], steps: [] });
    const short = good.subarray(0, good.length - 1);
    const miscounted = Buffer.from(good);
    miscounted.writeUInt32LE(2, 16);
    const keyless = Buffer.from(good);
    keyless[5] = 2;
    const outcomes = await Promise.all(
      [good, Buffer.alloc(0), Buffer.alloc(100), short, miscounted, keyless, Buffer.from(good)].map((request) =>
        codeOf(store.append(request)),
      ),
    );
    expect(outcomes).toEqual(["resolved", "internal", "internal", "internal", "internal", "internal", "resolved"]);
    expect(await data(store)).toEqual(["good", "good"]);
  });
});
