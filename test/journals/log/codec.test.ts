import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordBytes, type Update } from "artesian";
import { ByteReader, ByteWriter, Malformed } from "../../../packages/hub/src/journals/log/entries/bytes.ts";
import {
  decodeAppend,
  decodeRecord,
  decodeRest,
  encodeAppend,
  type LogAppend,
  walkRecords,
} from "../../../packages/hub/src/journals/log/entries/codec.ts";
import {
  ENTRY_HEAD,
  entryCount,
  entryLength,
  isSound,
  placeEntry,
  sealEntry,
} from "../../../packages/hub/src/journals/log/entries/entry.ts";
import { KeyedHash } from "../../../packages/hub/src/journals/log/files/keyed-hash.ts";

/** Any text, also with lone surrogates. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme" }),
  loneSurrogates(),
  fc.constant("x".repeat(300)),
);

function loneSurrogates(): fc.Arbitrary<string> {
  return fc.array(fc.integer({ min: 0xd700, max: 0xe000 }), { maxLength: 40 }).map((units) => String.fromCharCode(...units));
}

const anyUpdate: fc.Arbitrary<Update> = fc.record(
  {
    topics: fc.array(text, { minLength: 1, maxLength: 4 }),
    data: text,
    id: fc.option(text, { nil: undefined }),
    type: fc.option(text, { nil: undefined }),
    retry: fc.option(fc.nat(), { nil: undefined }),
    private: fc.boolean(),
    ttlMs: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  },
  { requiredKeys: ["topics", "data", "id", "type", "retry", "private"] },
);

const anyAppend: fc.Arbitrary<LogAppend> = fc.record({
  batch: fc.array(anyUpdate, { maxLength: 5 }),
  steps: fc.array(
    fc.oneof(
      fc.record({ key: text, value: fc.option(text, { nil: undefined }) }),
      fc.record({ key: text, value: fc.option(text, { nil: undefined }), update: anyUpdate }),
    ),
    { maxLength: 4 },
  ),
  keyed: fc.option(fc.record({ digest: text, request: text, answer: fc.option(text, { nil: undefined }) }), { nil: undefined }),
});

const SALT = 0x1234_5678;

function placed(append: LogAppend): Buffer {
  const entry = encodeAppend(append);
  placeEntry(entry, 0, { at: 1_700_000_000_000, first: 2 ** 40 + 7, head: 2 ** 39, flushed: 12_345, total: 2 ** 50, changes: 9 });
  sealEntry(entry, 0, entry.length, SALT);
  return entry;
}

describe("the encoding of appends", () => {
  it("returns every append as it was, with any text", () => {
    fc.assert(
      fc.property(anyAppend, (append) => {
        expect({ keyed: undefined, ...decodeAppend(encodeAppend(append)) }).toEqual({ ...append });
      }),
    );
  });

  it("returns each record of an entry, and its size, without decoding the others", () => {
    fc.assert(
      fc.property(anyAppend, (append) => {
        const entry = placed(append);
        const sizes: number[] = [];
        const ids: string[] = [];
        let at = ENTRY_HEAD;
        const end = walkRecords(entry, 0, entry.length, (_i, size, idStart, idEnd) => {
          sizes.push(size);
          ids.push(entry.toString("latin1", idStart, idEnd));
        });
        expect(sizes).toEqual(append.batch.map(recordBytes));
        expect(entryCount(entry, 0)).toBe(append.batch.length);
        for (const [i, update] of append.batch.entries()) {
          expect(decodeRecord(entry, at, entry.length, 3 + i, 4)).toEqual({ ...update, offset: 3 + i, at: 4 });
          const id = update.id ?? "";
          expect(ids[i]).toBe(Buffer.from(id, id.isWellFormed() ? "utf8" : "utf16le").toString("latin1"));
          at += 4 + entry.readUInt32LE(at);
        }
        expect(end).toBe(at);
        expect({ keyed: undefined, ...decodeRest(entry, 0, entry.length) }).toEqual({ steps: append.steps, keyed: append.keyed });
      }),
    );
  });

  it("notices the damage of any byte, any cut, and another journal's entry", () => {
    const entry = placed({
      batch: [{ topics: ["é"], data: "x", id: "i", type: undefined, retry: 1, private: true }],
      steps: [{ key: "k", value: "v" }],
    });
    const length = entryLength(entry, 0);
    expect(isSound(entry, 0, length, SALT)).toBe(true);
    expect(isSound(entry, 0, length, SALT + 1)).toBe(false);
    for (let i = 0; i < entry.length; i++) {
      for (const mask of [1, 0x80, 0xff]) {
        const changed = Buffer.from(entry);
        changed[i] = (changed[i] as number) ^ mask;
        const said = entryLength(changed, 0);
        expect(said <= changed.length && said >= ENTRY_HEAD && isSound(changed, 0, said, SALT)).toBe(false);
      }
    }
    for (let cut = ENTRY_HEAD; cut < entry.length; cut++) expect(isSound(entry.subarray(0, cut), 0, cut, SALT)).toBe(false);
  });

  it("refuses bytes of another form, and never reads beyond them", () => {
    const tryDecode = (bytes: Buffer): void => {
      try {
        decodeAppend(bytes);
        walkRecords(bytes, 0, bytes.length, () => undefined);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    };
    fc.assert(
      fc.property(anyAppend, fc.nat(), fc.nat(255), fc.nat(), (append, place, byte, cut) => {
        const bytes = encodeAppend(append);
        bytes[place % bytes.length] = byte;
        // A count of billions would be refused at the first record, after the end.
        tryDecode(bytes);
        tryDecode(bytes.subarray(0, Math.max(ENTRY_HEAD, cut % bytes.length)));
      }),
    );
  });

  it("writes whole numbers up to 2^53 - 1", () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeNat()), (values) => {
        const writer = new ByteWriter();
        for (const value of values) writer.varint(value);
        const reader = new ByteReader(writer.copy());
        expect(values.map(() => reader.varint())).toEqual(values);
        expect(reader.at).toBe(reader.end);
      }),
    );
  });

  it("takes at most 160 bytes for an update of 100 bytes", () => {
    const entry = encodeAppend({
      batch: [{ topics: ["room/1"], data: "x".repeat(100), id: undefined, type: undefined, retry: undefined, private: false }],
      steps: [],
    });
    expect(entry.length).toBeLessThanOrEqual(163);
  });
});

describe("the keyed hash", () => {
  it("is HalfSipHash-2-4", () => {
    // The first results of the algorithm's published test vectors, for the key 00 01 … 07.
    const expected = ["a9359f5b", "27475ab8", "fa62a603", "8afee704", "2a6e4689", "c5fab669", "5863fc23", "8bcf63c5", "d0b8848f"];
    const hash = new KeyedHash(0x03020100, 0x07060504);
    const bytes = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
    for (const [length, result] of expected.entries()) {
      const buffer = Buffer.alloc(4);
      buffer.writeUInt32LE(hash.of(bytes, 0, length));
      expect(buffer.toString("hex")).toBe(result);
    }
  });

  it("depends on the range and on the key", () => {
    const bytes = Buffer.from("abcabc");
    const hash = new KeyedHash(1, 2);
    expect(hash.of(bytes, 0, 3)).toBe(hash.of(bytes, 3, 6));
    expect(hash.of(bytes, 0, 3)).not.toBe(new KeyedHash(1, 3).of(bytes, 0, 3));
  });
});
