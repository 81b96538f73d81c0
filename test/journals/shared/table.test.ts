import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Table, type TableSnapshot } from "../../../packages/hub/src/journals/shared/table.ts";

const writes = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.option(fc.string({ maxLength: 3 }), { nil: undefined })), {
  maxLength: 60,
});

function rest(snapshot: TableSnapshot): [string, string][] {
  const found: [string, string][] = [];
  for (let entry = snapshot.next(); entry !== undefined; entry = snapshot.next()) found.push([entry.key, entry.value]);
  return found;
}

const sorted = (entries: Iterable<[string, string]>): [string, string][] => [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));

describe("a snapshot of the shared table", () => {
  it("has each entry as of its beginning once, whatever is written while it is read", () => {
    fc.assert(
      fc.property(writes, writes, fc.infiniteStream(fc.boolean()), (before, during, reads) => {
        const table = new Table();
        const model = new Map<string, string>();
        for (const [key, value] of before) {
          table.write(`${key}`, value, 1);
          if (value === undefined) model.delete(`${key}`);
          else model.set(`${key}`, value);
        }
        const snapshot = table.snapshot();
        const other = table.snapshot();
        expect(snapshot.size).toBe(model.size);
        const found: [string, string][] = [];
        for (const [key, value] of during) {
          table.write(`${key}`, value, 2);
          const entry = reads.next().value === true ? snapshot.next() : undefined;
          if (entry !== undefined) found.push([entry.key, entry.value]);
        }
        found.push(...rest(snapshot));
        expect(sorted(found)).toEqual(sorted(model));
        snapshot.end();
        expect(sorted(rest(other))).toEqual(sorted(model));
        other.end();
      }),
    );
  });
});

describe("the length of the shared table", () => {
  it("is that of its keys and values", () => {
    fc.assert(
      fc.property(writes, (all) => {
        const table = new Table();
        for (const [key, value] of all) table.write(`${key}`, value, 1);
        const expected = table.oldest(Infinity).reduce((sum, { key, value }) => sum + key.length + value.length, 0);
        expect(table.units).toBe(expected);
      }),
    );
  });
});
