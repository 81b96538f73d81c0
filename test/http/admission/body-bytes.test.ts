import { describe, expect, test } from "vitest";
import { type BodyShare, BodyBytes } from "../../../packages/hub/src/http/admission/body-bytes.ts";

const LIMIT = 1_000_000;
const PART = 10_000;

/** A body that stalls, and the code with which it was cut. */
class Stalled {
  readonly share: BodyShare;
  code: string | undefined;

  constructor(bodies: BodyBytes, address: string | undefined, bytes: number) {
    this.share = bodies.open(address);
    this.share.hold(bytes, (refusal) => {
      expect(refusal.retryAfterMs).toBeGreaterThan(0);
      this.code = refusal.code;
    });
  }
}

/** Adds complete bodies until there is no room. @returns Their bytes. */
function fill(bodies: BodyBytes, address: string | undefined): number {
  for (let bytes = 0; ; bytes += PART) {
    try {
      new Stalled(bodies, address, PART).share.complete();
    } catch (error) {
      expect(error).toMatchObject({ code: "overloaded", retryAfterMs: expect.any(Number) });
      return bytes;
    }
  }
}

const isCut = ({ code }: Stalled): boolean => code === "overloaded";

describe("complete bodies", () => {
  test("of an address have half of the bytes, and those of the next one half of what is left", () => {
    const bodies = new BodyBytes(LIMIT);
    expect(fill(bodies, "192.0.2.1") / LIMIT).toBeCloseTo(1 / 2, 1);
    expect(fill(bodies, "192.0.2.1")).toBe(0);
    expect(fill(bodies, "192.0.2.2") / LIMIT).toBeCloseTo(1 / 4, 1);
    expect(fill(bodies, "192.0.2.3") / LIMIT).toBeCloseTo(1 / 8, 1);
  });

  test("of unknown addresses, and those of the loopback, count as those of one address", () => {
    for (const [one, other] of [
      [undefined, undefined],
      ["127.0.0.1", "::1"],
      ["2001:db8::1", "2001:0DB8::2"],
    ]) {
      const bodies = new BodyBytes(LIMIT);
      fill(bodies, one);
      expect(fill(bodies, other)).toBe(0);
    }
  });
});

describe("a body past the limit", () => {
  test("takes the place of the largest incomplete body of its address", () => {
    const bodies = new BodyBytes(LIMIT);
    const small = Array.from({ length: 20 }, () => new Stalled(bodies, "::1", PART));
    const large = new Stalled(bodies, "::1", LIMIT / 2 - 20 * PART);
    const next = new Stalled(bodies, "::1", PART);
    expect([large, next, ...small].filter(isCut)).toEqual([large]);
    expect(bodies.total).toBe(21 * PART);
  });

  test("takes the place of the oldest of equal ones", () => {
    const bodies = new BodyBytes(LIMIT);
    const stalled = Array.from({ length: 50 }, () => new Stalled(bodies, "192.0.2.1", PART));
    const next = new Stalled(bodies, "192.0.2.1", PART);
    expect([...stalled, next].filter(isCut)).toEqual([stalled[0]]);
  });

  test("is refused if it is the largest itself", () => {
    const bodies = new BodyBytes(LIMIT);
    const stalled = Array.from({ length: 50 }, () => new Stalled(bodies, "192.0.2.1", PART));
    const total = bodies.total;
    expect(() => new Stalled(bodies, "192.0.2.1", PART + 1)).toThrow(/limit of request bodies/);
    expect(stalled.filter(isCut)).toEqual([]);
    const growing = new Stalled(bodies, "192.0.2.2", PART);
    expect(() => growing.share.hold(LIMIT, () => undefined)).toThrow(/limit of request bodies/);
    // What it held is free, before its request has its answer.
    expect(bodies.total).toBe(total - stalled.filter(isCut).length * PART);
  });

  test("of another address takes from the address that holds most", () => {
    const bodies = new BodyBytes(LIMIT);
    const most = Array.from({ length: 50 }, () => new Stalled(bodies, "192.0.2.1", PART));
    const less = Array.from({ length: 20 }, () => new Stalled(bodies, "192.0.2.2", PART));
    for (let i = 0; i < 20; i++) new Stalled(bodies, "192.0.2.3", PART);
    expect(less.filter(isCut)).toEqual([]);
    expect(most.filter(isCut).length).toBeGreaterThan(0);
    expect(bodies.total).toBeLessThanOrEqual(LIMIT);
  });

  test("takes nothing from complete bodies", () => {
    const bodies = new BodyBytes(LIMIT);
    fill(bodies, "192.0.2.1");
    const stalled = [new Stalled(bodies, "192.0.2.2", LIMIT / 4 - PART), new Stalled(bodies, "192.0.2.2", PART)];
    for (const bytes of [LIMIT / 5, 3 * PART]) new Stalled(bodies, "192.0.2.3", bytes);
    expect(stalled.map(isCut)).toEqual([true, false]);
  });
});

test("a pot full of stalled bodies of many addresses has room for each small body", () => {
  const bodies = new BodyBytes(LIMIT);
  for (let i = 0; i < 22; i++) {
    for (let left = 50; left > 0 && LIMIT - bodies.total > 2; left--) {
      const bytes = Math.min(Math.floor((LIMIT - bodies.total) / 2), PART);
      new Stalled(bodies, `198.51.100.${i}`, bytes);
    }
  }
  for (let i = 0; i < 100; i++) {
    const small = new Stalled(bodies, `203.0.113.${i}`, 300);
    small.share.complete();
    expect(small.code).toBeUndefined();
  }
});

test("the count is exact, and returns to zero", () => {
  const bodies = new BodyBytes(LIMIT);
  const open = new Set<{ readonly share: BodyShare; bytes: number }>();
  let state = 1;
  const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  const held = (): number => [...open].reduce((sum, { bytes }) => sum + bytes, 0);
  for (let i = 0; i < 5000; i++) {
    const known = [...open][random(open.size + 1)];
    const body = known ?? { share: bodies.open(`192.0.2.${random(9)}`), bytes: 0 };
    open.add(body);
    const step = random(4);
    if (step === 0) {
      body.share.release();
      open.delete(body);
    } else if (step === 1) {
      body.share.complete();
    } else {
      const bytes = body.bytes + random(LIMIT / 10);
      try {
        body.share.hold(bytes, () => (body.bytes = 0));
        body.bytes = bytes;
      } catch {
        body.bytes = 0;
      }
    }
    expect(bodies.total).toBe(held());
    expect(bodies.total).toBeLessThanOrEqual(LIMIT);
  }
  for (const { share } of open) {
    share.release();
    share.release();
  }
  expect(bodies.total).toBe(0);
});
