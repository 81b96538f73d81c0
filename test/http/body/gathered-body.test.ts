import { expect, test } from "vitest";
import { BodyBytes } from "../../../packages/hub/src/http/admission/body-bytes.ts";
import { GatheredBody } from "../../../packages/hub/src/http/body/gathered-body.ts";

const MAX = 100_000;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const ignore = (): void => undefined;

test.each([
  ["of one byte", 1, MAX],
  ["of one byte, with a length", 1, 30_000],
  ["of 700 bytes", 700, MAX],
  ["of 700 bytes, with a length", 700, 30_000],
  ["as one", 30_000, 30_000],
])("chunks %s are joined, and count with the memory that they take", (_, size, expected) => {
  const bodies = new BodyBytes(10 * MAX);
  const share = bodies.open(undefined);
  const body = new GatheredBody(MAX, expected, share, ignore);
  const whole = Buffer.from(Array.from({ length: 30_000 }, (__, i) => 97 + (i % 26)));
  for (let i = 0; i < whole.length; i += size) {
    body.add(whole.subarray(i, i + size));
    expect(bodies.total).toBeGreaterThanOrEqual(Math.min(i + size, whole.length));
    expect(bodies.total).toBeLessThanOrEqual(Math.min(expected, Math.max(1024, 2 * (i + size))));
  }
  const gathered = body.end();
  expect(text(gathered)).toBe(whole.toString());
  expect(gathered.buffer.byteLength).toBe(bodies.total);
  share.release();
  expect(bodies.total).toBe(0);
});

test("a body that is longer than its length said is taken up to the limit", () => {
  const body = new GatheredBody(2000, 10, new BodyBytes(10 * MAX).open(undefined), ignore);
  for (let i = 0; i < 2000; i++) body.add(new Uint8Array([97]));
  expect(() => body.add(new Uint8Array([97]))).toThrow(expect.objectContaining({ code: "too_large" }));
  expect(text(body.end())).toBe("a".repeat(2000));
});

test("an empty body takes nothing", () => {
  const bodies = new BodyBytes(10 * MAX);
  const body = new GatheredBody(MAX, 0, bodies.open(undefined), ignore);
  expect(body.end()).toHaveLength(0);
  expect(bodies.total).toBe(0);
});
