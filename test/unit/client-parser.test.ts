import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { createBackoff } from "../../src/client/backoff.ts";
import { createEventParser, type ClientEvent } from "../../src/client/event-parser.ts";

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
      const received: ClientEvent[] = [];
      for (const [i, frame] of frames.entries()) {
        const places = [0, ...cuts.map((cut) => cut % (frame.length + 1)), frame.length].toSorted((a, b) => a - b);
        for (let j = 1; j < places.length; j++) received.push(...parser.push(frame.subarray(places[j - 1], places[j])));
        expect(received).toHaveLength(i + 1);
      }
      expect(received).toEqual(stream.map(([{ id, type, data }]) => ({ id, type: type === "" ? "message" : type, data: data.join("\n") })));
    },
  );
});

describe("back-off", () => {
  test.prop([
    fc.integer({ min: 1, max: 60_000 }),
    fc.integer({ min: 1, max: 60_000 }),
    fc.nat(50),
    fc.double({ min: 0, max: 1, noNaN: true }),
  ])("is never shorter than the reconnection time, nor longer than the bound", (baseMs, maxMs, failures, random) => {
    const backoff = createBackoff({ baseMs, maxMs, random: () => random });
    for (let i = 0; i < failures; i++) backoff.next();
    const delayMs = backoff.next();
    expect(delayMs).toBeGreaterThanOrEqual(baseMs);
    expect(delayMs).toBeLessThanOrEqual(Math.max(maxMs, 2 * baseMs));
    backoff.reset();
    expect(backoff.next()).toBeLessThanOrEqual(baseMs * 1.25);
  });

  test.prop([fc.integer({ min: 0, max: 2 ** 33 })])(
    "waits at least as long as the server asks, and no longer than a timer can",
    (askedMs) => {
      const backoff = createBackoff({ baseMs: 1, maxMs: 1 });
      expect(backoff.next(askedMs)).toBeGreaterThanOrEqual(Math.min(askedMs, 2 ** 31 - 1));
      expect(backoff.next(askedMs)).toBeLessThanOrEqual(2 ** 31 - 1);
    },
  );
});
