import { expect, test } from "vitest";
import { type BodyShare, BodyBytes } from "../../../packages/hub/src/http/admission/body-bytes.ts";

const LIMIT = 1_000_000;
const PART = 10_000;

/** Adds parts until there is no room. @returns The bytes of the parts. */
function fill(share: BodyShare): number {
  for (let bytes = 0; ; bytes += PART) {
    try {
      share.add(PART);
    } catch (error) {
      expect(error).toMatchObject({ code: "overloaded", retryAfterMs: expect.any(Number) });
      return bytes;
    }
  }
}

test("an address has half of the bytes for its bodies, and the next ones half of what is left", () => {
  const bodies = new BodyBytes(LIMIT);
  const [first, second] = [bodies.open("192.0.2.1"), bodies.open("192.0.2.2")];
  expect(fill(first) / LIMIT).toBeCloseTo(1 / 2, 1);
  expect(fill(bodies.open("192.0.2.1"))).toBe(0);
  expect(fill(second) / LIMIT).toBeCloseTo(1 / 4, 1);
  for (let i = 3; i < 50; i++) bodies.open(`192.0.2.${i}`).add(1000);
  first.release();
  expect(fill(second)).toBeGreaterThan(0);
});

test("many addresses that fill the bytes leave room for small bodies", () => {
  const bodies = new BodyBytes(LIMIT);
  const shares = Array.from({ length: 15 }, (_, i) => bodies.open(`192.0.2.${i}`));
  for (let round = 0; round < LIMIT / PART; round++) {
    for (const share of shares) {
      try {
        share.add(PART);
      } catch {
        // It has all that it may.
      }
    }
  }
  expect(() => bodies.open("192.0.2.99").add(LIMIT / 20)).not.toThrow();
});

test("each part costs more than its bytes", () => {
  const share = new BodyBytes(LIMIT).open("192.0.2.1");
  const addAll = (): void => {
    for (let i = 0; i < LIMIT / 2; i++) share.add(1);
  };
  expect(addAll).toThrow(/limit of request bodies/);
});

test("bodies of unknown addresses, and those of the loopback, count as those of one address", () => {
  for (const [one, other] of [
    [undefined, undefined],
    ["127.0.0.1", "::1"],
    ["2001:db8::1", "2001:0DB8::2"],
  ]) {
    const bodies = new BodyBytes(LIMIT);
    fill(bodies.open(one));
    expect(fill(bodies.open(other))).toBe(0);
  }
});
