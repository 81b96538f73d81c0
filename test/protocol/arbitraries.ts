import type { TextUpdate } from "artesian";
import * as fc from "fast-check";

/** What parsers have stumbled over: line ends and what looks like them, invisible characters, fields within data, the leading space. */
const FRAGMENTS = [
  "\n",
  "\r",
  "\r\n",
  "\n\n",
  "\0",
  "\u0085",
  "\u2028",
  "\u2029",
  "\v",
  "\f",
  "\t",
  "\uFEFF",
  "\uFFFD",
  "\u{10FFFF}",
  "\u0301",
  "\u200D",
  "\u202E",
  " ",
  "  ",
  ":",
  ": ",
  "😀",
  "👩‍👩‍👧",
  "é",
  "data",
  "data: x",
  "data:x",
  "event: x",
  "id: x",
  "id",
  "retry: 1",
  "\ndata: x",
  "\n\nid: x\n\n",
  "hub:gap",
  "[DONE]",
  "__proto__",
  "null",
  "{}",
  "%0A",
  "\\n",
  "+",
  "&",
  "=",
  "#",
] as const;

const anyText: fc.Arbitrary<string> = fc.string({ unit: "binary", maxLength: 40 });
const trickyText: fc.Arbitrary<string> = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...FRAGMENTS) }, fc.string({ maxLength: 5 })), { maxLength: 12 })
  .map((parts) => parts.join(""));
// Up to more than a write of the hub, a chunk of the network, and the buffers on the way.
const longText: fc.Arbitrary<string> = fc
  .tuple(trickyText, fc.constantFrom(10, 300, 5000))
  .map(([text, times]) => `${text}·`.repeat(times));

/** Any text at all that UTF-8 can carry. */
export const data: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: trickyText },
  { weight: 6, arbitrary: anyText },
  { weight: 1, arbitrary: longText },
  { weight: 1, arbitrary: fc.constant("") },
);

/** Names may have every character but controls, format characters and lone surrogates, in at most 255 bytes. */
const name: fc.Arbitrary<string> = fc
  .oneof(trickyText, anyText, fc.string({ unit: "grapheme", maxLength: 60 }), fc.constant("x".repeat(255)))
  .map((text) => text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, ""))
  .filter((text) => Buffer.byteLength(text) <= 255);

/** A publisher's event id, or none. */
export const id: fc.Arbitrary<string | undefined> = fc.option(
  name.map((text) => text.trim()).filter((text) => text !== "earliest" && !text.startsWith("#")),
  { nil: undefined },
);

/** An event type, or none; some have a meaning of their own to an `EventSource`. */
export const type: fc.Arbitrary<string | undefined> = fc.option(
  fc
    .oneof({ weight: 5, arbitrary: name }, fc.constantFrom("message", "open", "error", "close", "constructor"))
    .filter((text) => text !== "mercure" && !text.startsWith("hub:")),
  { nil: undefined },
);

/** A reconnection time that leaves the connection alone. */
const retry: fc.Arbitrary<number | undefined> = fc.option(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { nil: undefined, freq: 10 });

export const updates: fc.Arbitrary<TextUpdate[]> = fc.array(fc.record({ topic: fc.constant("t"), data, id, type, retry }), {
  minLength: 1,
  maxLength: 40,
});

/** How the updates are published; to whom they are delivered must not depend on it. */
export const publishing: fc.Arbitrary<"form" | "json" | "array" | "ndjson"> = fc.constantFrom("form", "json", "array", "ndjson");
