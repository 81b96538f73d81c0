import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type Backoff, createBackoff } from "../../packages/client/src/backoff.ts";
import { createEventParser } from "../../packages/client/src/event-parser.ts";

const lineEnd = fc.constantFrom("\n", "\r", "\r\n");
const text = fc.string({ unit: "binary" }).map((value) => value.toWellFormed().replaceAll(/[\r\n\0]/g, ""));
const event = fc.record({ id: text, type: text, data: fc.array(text, { minLength: 1, maxLength: 4 }) });

describe("event parser", () => {
  test.prop([fc.array(fc.tuple(event, lineEnd), { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 })])(
    "gives the same events wherever the bytes are cut, and each as soon as its last byte is there",
    (stream, cuts) => {
      const parser = createEventParser(2 ** 20, () => undefined);
      const frames = stream.map(([{ id, type, data }, end]) => {
        const lines = [`event: ${type}`, `id: ${id}`, ...data.map((line) => `data: ${line}`), "", ""];
        return new TextEncoder().encode(lines.join(end));
      });
      const received: unknown[] = [];
      for (const [i, frame] of frames.entries()) {
        const places = [0, ...cuts.map((cut) => cut % (frame.length + 1)), frame.length].toSorted((a, b) => a - b);
        for (let j = 1; j < places.length; j++) received.push(...parser.push(frame.subarray(places[j - 1], places[j])));
        expect(received).toHaveLength(i + 1);
      }
      expect(received).toEqual(stream.map(([{ id, type, data }]) => ({ id, type: type === "" ? "message" : type, data: data.join("\n") })));
    },
  );
});

describe("a long line", () => {
  test("costs time in proportion to its length, in however small pieces it comes", () => {
    const bytes = new TextEncoder().encode(`data: ${"x".repeat(4 * 1024 * 1024)}\n\n`);
    const parser = createEventParser(2 ** 24, () => undefined);
    const before = process.cpuUsage();
    const received: unknown[] = [];
    for (let at = 0; at < bytes.length; at += 1400) received.push(...parser.push(bytes.subarray(at, at + 1400)));
    const { user, system } = process.cpuUsage(before);
    expect(received).toHaveLength(1);
    // It took nine seconds where each piece copied the line.
    expect((user + system) / 1e6).toBeLessThan(2);
  });
});

describe("what is no event", () => {
  const parse = (maxEventLength: number, ...parts: readonly string[]): unknown[] => {
    const parser = createEventParser(maxEventLength, () => undefined);
    return parts.flatMap((part) => parser.push(new TextEncoder().encode(part)));
  };

  test("an id without data moves the cursor, in order", () => {
    expect(parse(1000, "id: 1\ndata: a\n\nid: 2\n\nid: 3\ndata: b\n\nevent: x\n\n")).toEqual([
      { id: "1", type: "message", data: "a" },
      { id: "2", data: undefined },
      { id: "3", type: "message", data: "b" },
    ]);
  });

  test("an id with NUL is not one", () => {
    expect(parse(1000, "id: a\0b\n\nid: a\0b\ndata: x\n\n")).toEqual([{ id: undefined, type: "message", data: "x" }]);
  });

  test("comments and unknown fields of any length count for nothing", () => {
    const long = "x".repeat(5000);
    expect(
      parse(1000, `:${long}\n: ${long}`, long, `${long}\ndata: a\n:${long}\n\n`, `${"unknown: 0123456789\n".repeat(500)}data: b\n\n`),
    ).toEqual([
      { id: undefined, type: "message", data: "a" },
      { id: undefined, type: "message", data: "b" },
    ]);
  });

  test("an event's own characters count, however they are cut", () => {
    const tooLarge = { code: "event_too_large" };
    const long = "x".repeat(600);
    expect(() => parse(1000, `data: ${long}`, long)).toThrow(expect.objectContaining(tooLarge));
    expect(() => parse(1000, `data: ${long}\n`, `data: ${long}\n\n`)).toThrow(expect.objectContaining(tooLarge));
    expect(() => parse(1000, `data: ${long}\ndata: ${long}\n\n`)).toThrow(expect.objectContaining(tooLarge));
    expect(parse(1000, `data: ${long}\n\ndata: ${long}\n\n`)).toHaveLength(2);
  });

  test("a reconnection time is ASCII digits only", () => {
    const times: number[] = [];
    const parser = createEventParser(1000, (ms) => times.push(ms));
    parser.push(new TextEncoder().encode("retry: 5\nretry: -5\nretry: 5x\nretry:\nretry: 1e3\nretry:7\n\n"));
    expect(times).toEqual([5, 7]);
  });
});

describe("back-off", () => {
  test.prop([
    fc.integer({ min: 1, max: 60_000 }),
    fc.integer({ min: 1, max: 60_000 }),
    fc.nat(50),
    fc.double({ min: 0, max: 1, noNaN: true }),
  ])("is never shorter than the reconnection time, nor longer than the bound", (baseMs, maxMs, failures, random) => {
    const backoff = createBackoff(baseMs, maxMs, 500, 300_000, () => random);
    for (let i = 0; i < failures; i++) backoff.next();
    const delayMs = backoff.next();
    expect(delayMs).toBeGreaterThanOrEqual(baseMs);
    expect(delayMs).toBeLessThanOrEqual(Math.max(maxMs, 2 * baseMs));
    backoff.reset();
    expect(backoff.next()).toBeLessThanOrEqual(baseMs * 1.25);
  });

  test.prop([fc.integer({ min: 0, max: 2 ** 33 }), fc.double({ min: 0, max: 1, noNaN: true })])(
    "waits as long as the server asks, from the floor to the ceiling, and up to a quarter more",
    (askedMs, random) => {
      const make = (): Backoff => createBackoff(1, 1, 500, 300_000, () => random);
      const later = make().next(askedMs);
      expect(later).toBeGreaterThanOrEqual(Math.min(askedMs, 300_000));
      expect(later).toBeLessThanOrEqual(375_000);
      const told = make();
      told.setBase(askedMs);
      const delayMs = told.next();
      expect(delayMs).toBeGreaterThanOrEqual(Math.min(Math.max(askedMs, 500), 300_000));
      expect(delayMs).toBeLessThanOrEqual(Math.max(Math.min(askedMs, 300_000), 500) * 1.25);
    },
  );

  test("grows from the floor where the server asks for no time at all", () => {
    const latest = createBackoff(1000, 30_000, 500, 300_000, () => 1);
    latest.setBase(0);
    expect(Array.from({ length: 4 }, () => latest.next())).toEqual([625, 1000, 2000, 4000]);
    // Clients that failed together spread over the whole time.
    const soonest = createBackoff(1000, 30_000, 500, 300_000, () => 0);
    soonest.setBase(0);
    expect(Array.from({ length: 4 }, () => soonest.next())).toEqual([500, 500, 500, 500]);
  });

  test("grows from a delay of 0, too", () => {
    const backoff = createBackoff(0, 30_000, 500, 300_000, () => 1);
    const delays = Array.from({ length: 16 }, () => backoff.next());
    expect(delays.at(-1)).toBe(30_000);
  });
});
