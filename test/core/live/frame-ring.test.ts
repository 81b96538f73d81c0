import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { FramedRecord, FrameRing } from "../../../packages/hub/src/core/live/frame-ring.ts";
import { recordBytes } from "../../../packages/hub/src/core/journal/journal.ts";
import { Frame } from "../../../packages/hub/src/core/update/encoded-frame.ts";
import { recordOf } from "../support.ts";

const MAX = { bytes: 2000, count: 8 } as const;
const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant("push" as const), length: fc.nat(400), isFramed: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      after: fc.nat(80),
      count: fc.integer({ min: 1, max: 12 }),
      bytes: fc.nat(2500),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), after: fc.nat(40) }) },
);

const sizeOf = ({ record, frame }: FramedRecord): number => recordBytes(record) + (frame?.length ?? 0);

describe("the ring of frames", () => {
  test.prop([fc.array(step, { maxLength: 120 })], { seed: Number(process.env["SEED"] ?? 2026) })(
    "holds the newest records within its bounds, and reads them in order",
    (steps) => {
      const ring = new FrameRing(0, MAX.bytes, MAX.count);
      let held: FramedRecord[] = [];
      let position = 0;
      for (const one of steps) {
        if (one.kind === "push") {
          const entry = new FramedRecord(recordOf(++position, ["t"], "x".repeat(one.length)));
          if (one.isFramed) entry.frame = Frame.ofText("y".repeat(one.length));
          ring.push(entry);
          held.push(entry);
          while (held.length > MAX.count || held.reduce((sum, each) => sum + sizeOf(each), 0) > MAX.bytes) held.shift();
        } else if (one.kind === "restart") {
          ring.restart((position = one.after));
          held = [];
        } else {
          const found = ring.read(one.after, one.count, one.bytes);
          if (one.after < position - held.length) expect(found).toBeUndefined();
          else {
            const wanted: FramedRecord[] = [];
            let bytes = 0;
            for (const entry of held.filter(({ record }) => record.offset > one.after).slice(0, one.count)) {
              bytes += sizeOf(entry);
              if (bytes > one.bytes && wanted.length > 0) break;
              wanted.push(entry);
            }
            expect(found).toEqual(wanted);
          }
        }
        expect(ring.after).toBe(position - held.length);
        for (let offset = position - held.length - 2; offset < position + 3; offset++) {
          expect(ring.entry(offset)).toBe(held.find(({ record }) => record.offset === offset));
        }
      }
    },
  );

  it("drops many records, and still finds the rest", () => {
    const ring = new FrameRing(0, 1_000_000, 10);
    for (let offset = 1; offset <= 5000; offset++) ring.push(new FramedRecord(recordOf(offset, ["t"])));
    expect(ring.after).toBe(4990);
    expect(ring.read(4990, 100, Infinity)?.map(({ record }) => record.offset)).toEqual(Array.from({ length: 10 }, (_, i) => 4991 + i));
  });
});
