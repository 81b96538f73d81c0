import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { HashTable } from "../../../packages/hub/src/journals/log/files/hash-table.ts";
import { SegmentIndex } from "../../../packages/hub/src/journals/log/files/segment-index.ts";
import { SparseIndex } from "../../../packages/hub/src/journals/log/files/sparse-index.ts";
import { atOnce } from "../../../packages/hub/src/core/slices.ts";
import { removeDirectory } from "../../support/directory.ts";

const hashes = fc.array(fc.oneof(fc.nat(5), fc.integer({ min: 0, max: 0xffff_ffff })), { maxLength: 500 });

function tableOf(all: readonly number[]): HashTable {
  const table = new HashTable();
  for (const [place, hash] of all.entries()) table.add(hash, place);
  return table;
}

const placesOf = (all: readonly number[], hash: number): number[] => all.flatMap((one, place) => (one === hash ? [place] : []));

describe("a table of hashes", () => {
  it("finds all places of a hash, rising", () => {
    fc.assert(
      fc.property(hashes, fc.nat(5), (all, wanted) => {
        const table = tableOf(all);
        for (const hash of [wanted, ...all.slice(0, 20)]) expect(table.find(hash, 0, Infinity)).toEqual(placesOf(all, hash));
      }),
    );
  });

  it("finds the places from one on, as many as are asked for", () => {
    fc.assert(
      fc.property(hashes, fc.nat(5), fc.nat(500), fc.nat(20), (all, wanted, from, most) => {
        const expected = placesOf(all, wanted).filter((place) => place >= from);
        expect(tableOf(all).find(wanted, from, most)).toEqual(expected.slice(0, most));
      }),
    );
  });

  it("goes on beyond one chunk", () => {
    const all = Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 60_000);
    const table = tableOf(all);
    for (const hash of [0, 1, 59_999, 31_234]) expect(table.find(hash, 0, Infinity)).toEqual(placesOf(all, hash));
    expect(table.find(60_000, 0, Infinity)).toEqual([]);
  });
});

describe("a sparse index", () => {
  it("leads to the entry with an offset, or less than 8 KiB before it", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 48, max: 6000 }), fc.nat(4)), { maxLength: 200 }), (entries) => {
        const index = new SparseIndex(11, 24);
        const known: { position: number; length: number; first: number; count: number }[] = [];
        let position = 24;
        let first = 11;
        for (const [length, count] of entries) {
          known.push({ position, length, first, count });
          index.note(position, length, first, count);
          position += length;
          first += count;
        }
        expect([index.knownTo, index.next]).toEqual([position, first]);
        for (const entry of known) {
          if (entry.count === 0) continue;
          for (let offset = entry.first; offset < entry.first + entry.count; offset++) {
            const floor = index.floor(offset);
            expect(floor.position).toBeLessThanOrEqual(entry.position);
            expect(entry.position - floor.position).toBeLessThan(4096 + 6000);
            expect(known.some(({ position, first }) => position === floor.position && first === floor.first)).toBe(true);
          }
        }
      }),
    );
  });
});

describe("the index file of a segment", () => {
  const SALT = 77;

  function fileOf(all: readonly number[]): { path: string; sparse: SparseIndex } {
    const directory = mkdtempSync(join(tmpdir(), "artesian-index-"));
    onTestFinished(() => removeDirectory(directory));
    const sparse = new SparseIndex(5, 24);
    for (let i = 0; i < 3000; i++) sparse.note(24 + 100 * i, 100, 5 + i, 1);
    const path = join(directory, "index");
    writeFileSync(path, atOnce(SegmentIndex.encode(sparse, tableOf(all), SALT)));
    return { path, sparse };
  }

  function read(path: string, salt = SALT, first = 5): SegmentIndex | undefined {
    const fd = openSync(path, "r");
    onTestFinished(() => closeSync(fd));
    return SegmentIndex.read(() => fd, first, salt);
  }

  it.each([0, 1, 63, 64, 65, 5000, 100_000])("finds %s texts, and the entries", (count) => {
    const all = Array.from({ length: count }, (_, i) => Math.imul(i % 4000, 0x9e37_79b1) >>> 0);
    const { path, sparse } = fileOf(all);
    const index = read(path);
    expect([index?.next, index?.length]).toEqual([sparse.next, sparse.knownTo]);
    for (let offset = 5; offset < 3005; offset += 13) expect(index?.sparse.floor(offset)).toEqual(sparse.floor(offset));
    for (const hash of [...all.slice(0, 50), 12345])
      expect(index?.find(hash, 0, Infinity)).toEqual(placesOf(all, hash).map((place) => 5 + place));
  });

  it("finds the offsets from one on, as many as are asked for, however many texts have one hash", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 1000 }), fc.nat(3), fc.nat(1000), fc.nat(300), (all, wanted, from, most) => {
        const expected = placesOf(all, wanted).flatMap((place) => (5 + place >= from ? [5 + place] : []));
        expect(read(fileOf(all).path)?.find(wanted, from, most)).toEqual(expected.slice(0, most));
      }),
    );
  });

  it("is refused if bytes are damaged, if it is cut, and if it is another segment's", () => {
    const all = Array.from({ length: 300 }, (_, i) => Math.imul(i, 0x9e37_79b1) >>> 0);
    const { path } = fileOf(all);
    expect(read(path, SALT + 1)).toBeUndefined();
    expect(read(path, SALT, 6)).toBeUndefined();
    const bytes = readFileSync(path);
    const isRefused = (): boolean => {
      const index = read(path);
      return index === undefined || all.some((hash) => index.find(hash, 0, Infinity) === undefined);
    };
    expect(isRefused()).toBe(false);
    for (let i = 0; i < bytes.length; i += 5) {
      // The head has room that nothing uses yet, which its checksum covers too.
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] as number) ^ 0x10;
      writeFileSync(path, changed);
      if (!isRefused()) throw new Error(`byte ${i} of ${bytes.length}`);
    }
    for (const length of [0, 10, 63, 64, 200, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(isRefused()).toBe(true);
    }
  });
});
