import { fc } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { createEpoch, formatCursor } from "../../packages/hub/src/core/journal/cursor.ts";
import { opaqueIds } from "../../packages/hub/src/http/opaque-ids.ts";
import { formatVector } from "../../packages/hub/src/journals/partitioned/vector.ts";

const SECRET = "a secret of at least thirty-two bytes";
const offset = fc.oneof(fc.nat(100), fc.maxSafeNat());

describe("opaque ids", () => {
  it("lead back to what they were made of, in every process with the secret, and fit into a header field", () => {
    const [here, there] = [opaqueIds(SECRET), opaqueIds(Buffer.from(SECRET))];
    const epoch = createEpoch();
    fc.assert(
      fc.property(fc.array(offset, { minLength: 1, maxLength: 16 }), fc.nat(15), (offsets, own) => {
        const [first = 0] = offsets;
        const plain = offsets.length === 1 ? formatCursor({ epoch, offset: first }) : formatVector(epoch, offsets, own);
        const id = here.seal(plain);
        expect(id).toMatch(/^#[\w-]{22,400}$/);
        expect(id).toBe(there.seal(plain));
        expect(there.open(id)).toBe(plain);
        expect(opaqueIds(`another ${SECRET}`).open(id)).toBeUndefined();
      }),
    );
  });

  it("have a length that tells nothing of the offset", () => {
    const ids = opaqueIds(SECRET);
    const lengths = [0, 1, 36, 1e6, Number.MAX_SAFE_INTEGER].map(
      (one) => ids.seal(formatCursor({ epoch: "abcdEFGH", offset: one })).length,
    );
    expect(new Set(lengths)).toEqual(new Set([23]));
  });

  it("take no other text: one that was changed, another spelling of the same bytes, a plain id, or anything", () => {
    const ids = opaqueIds(SECRET);
    const plain = formatCursor({ epoch: createEpoch(), offset: 1000 });
    const vector = formatVector(createEpoch(), [1, 20, 300], 1);
    for (const id of [ids.seal(plain), ids.seal(vector)]) {
      for (let i = 1; i < id.length; i++) {
        for (const character of "AQgw-_09") {
          const changed = id.slice(0, i) + character + id.slice(i + 1);
          if (changed !== id) expect(ids.open(changed), changed).toBeUndefined();
        }
      }
      for (const other of [`${id}A`, id.slice(0, -1), `${id}=`, ` ${id}`, id.slice(1), `#${id}`])
        expect(ids.open(other), other).toBeUndefined();
    }
    for (const other of [plain, vector, "", "#", "earliest", "#é"]) expect(ids.open(other), other).toBeUndefined();
    const text = fc.oneof(
      fc.string(),
      fc.base64String().map((some) => `#${some}`),
    );
    fc.assert(
      fc.property(text, (some) => {
        expect(ids.open(some)).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 64 }), (bytes) => {
        expect(ids.open(`#${Buffer.from(bytes).toString("base64url")}`)).toBeUndefined();
      }),
    );
  });

  it("need a secret that can't be guessed", () => {
    expect(() => opaqueIds("x".repeat(31))).toThrow(new TypeError("The secret of the opaque ids has 31 bytes; at least 32 are needed."));
  });
});
