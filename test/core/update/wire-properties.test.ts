import { fc, test } from "@fast-check/vitest";
import { getLines, getMessages } from "@microsoft/fetch-event-source/lib/cjs/parse.js";
import { createParser } from "eventsource-parser";
import { describe, expect } from "vitest";
import { createEpoch, formatCursor, parseCursor } from "../../../packages/hub/src/core/journal/cursor.ts";
import { HubError } from "../../../packages/hub/src/core/errors.ts";
import { encodeFrame } from "../../../packages/hub/src/core/update/frame.ts";
import { parseForm } from "../../../packages/hub/src/http/body/form.ts";
import { data, id, type } from "../../protocol/arbitraries.ts";
import { type ParsedEvent, StandardParser } from "../../protocol/standard-parser.ts";

const SEED = { seed: Number(process.env["SEED"] ?? 2026) };

/** Any text that a program can hold, half of a surrogate pair included, which UTF-8 can't carry. */
const anyData = fc.oneof(
  data,
  fc.string({
    unit: fc.constantFrom("\r", "\n", "\r\n", "\0", "\uD800", "\uDC00", "\uD83D\uDE00", "\uFEFF", "a", ":", " "),
    maxLength: 30,
  }),
);
const event = fc.record({
  id: id.map((own) => own ?? "#AAAAAAAA:1"),
  type: type.map((name) => name || undefined),
  data: anyData,
  retry: fc.option(fc.nat(), { nil: undefined }),
});
const cuts = fc.array(fc.nat(), { maxLength: 10 });

/** The bytes in parts, cut wherever, in the middle of a character too. */
function partsOf(bytes: Buffer, at: readonly number[]): readonly Buffer[] {
  const places = [...new Set([0, ...at.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted((a, b) => a - b);
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

function byStandard(parts: readonly Buffer[]): readonly ParsedEvent[] {
  const events: ParsedEvent[] = [];
  const parser = new StandardParser((one) => void events.push(one));
  for (const part of parts) parser.feed(part);
  return events;
}

function byEventsourceParser(parts: readonly Buffer[]): readonly ParsedEvent[] {
  const events: ParsedEvent[] = [];
  const parser = createParser({ onEvent: (one) => void events.push({ id: one.id ?? "", type: one.event ?? "message", data: one.data }) });
  const decoder = new TextDecoder();
  for (const part of parts) parser.feed(decoder.decode(part, { stream: true }));
  return events;
}

/** Two of its habits are not the standard's: it decodes each line by itself, and drops empty lines before the first that is not. */
const asFetchEventSource = ({ data: text, ...rest }: ParsedEvent): ParsedEvent => ({
  ...rest,
  data: text
    .split("\n")
    .map((line) => line.replace(/^\uFEFF/, ""))
    .join("\n")
    .replace(/^\n+/, ""),
});

function byFetchEventSource(parts: readonly Buffer[]): readonly ParsedEvent[] {
  const events: ParsedEvent[] = [];
  const ignore = (): void => undefined;
  const feed = getLines(
    getMessages(ignore, ignore, (one) => void events.push({ id: one.id, type: one.event || "message", data: one.data })),
  );
  for (const part of parts) feed(new Uint8Array(part));
  return events;
}

describe("an encoded update", () => {
  test.prop([fc.array(event, { minLength: 1, maxLength: 5 }), cuts], { ...SEED, numRuns: 2000 })(
    "is one event to three independent parsers, whatever its data, and however it is cut",
    (events, at) => {
      const frames = events.map(
        ({ id: eventId, ...update }) => encodeFrame({ topics: ["t"], id: eventId, private: false, ...update }, eventId).content,
      );
      const parts = partsOf(Buffer.concat(frames), at);
      const wanted = events.map((one): ParsedEvent => ({
        id: one.id,
        type: one.type ?? "message",
        data: one.data.toWellFormed().replaceAll(/\r\n?/g, "\n"),
      }));
      expect(byStandard(parts)).toEqual(wanted);
      expect(byEventsourceParser(parts)).toEqual(wanted);
      expect(byFetchEventSource(parts)).toEqual(wanted.map(asFetchEventSource));
    },
  );
});

describe("cursors", () => {
  test.prop([fc.nat(), fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true })], SEED)(
    "are read as they were written",
    (small, large) => {
      const epoch = createEpoch();
      for (const offset of [small, Math.floor(large)]) expect(parseCursor(formatCursor({ epoch, offset }))).toEqual({ epoch, offset });
    },
  );

  const near = fc
    .tuple(fc.constantFrom("#", "", "##"), fc.string({ unit: fc.constantFrom(..."0aZz-_ é".split("")), minLength: 6, maxLength: 9 }))
    .chain(([mark, epoch]) =>
      fc.string({ unit: fc.constantFrom(..."0129az:-.+ eZ\n".split("")), maxLength: 14 }).map((rest) => `${mark}${epoch}:${rest}`),
    );
  test.prop([fc.oneof(near, fc.string({ unit: "binary" }))], { ...SEED, numRuns: 5000 })(
    "have one spelling each: whatever is read as one is written the same",
    (text) => {
      const position = parseCursor(text);
      if (position !== undefined) expect(formatCursor(position)).toBe(text);
    },
  );
});

describe("a form", () => {
  const part = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom("&", "=", "+", "%", "%2", "%41", "%c3%A9", "%C3", "%ff", "%00", "%0D%0a", "%F0%9F%98%80", "%ED%A0%80"),
    },
    { weight: 2, arbitrary: fc.constantFrom("topic", "a", "é", "😀", "\uFEFF", "?", ";", "__proto__") },
  );
  const text = fc.array(part, { maxLength: 20 }).map((parts) => parts.join(""));
  test.prop(
    [
      fc.oneof(
        text,
        fc.tuple(text, fc.nat(200)).map(([short, times]) => short.repeat(times)),
      ),
    ],
    { ...SEED, numRuns: 5000 },
  )("has the names and values that the standard finds, or is refused where that would replace bytes", (form) => {
    const wanted = byUrlStandard(form);
    expect(parsed(form)).toEqual(wanted);
  });
});

/** @returns undefined where it is refused for that reason. */
function parsed(form: string): ReturnType<typeof parseForm> | undefined {
  try {
    return parseForm(form, form.length);
  } catch (error) {
    if (error instanceof HubError && error.code === "invalid_body") return undefined;
    throw error;
  }
}

/**
 * As the URL Standard says it, 5.1, byte by byte. `URLSearchParams` of Node 20 is no judge: it garbles a `%` that stands for itself before what is
 * not ASCII.
 *
 * @returns undefined where a name or value is not UTF-8.
 */
function byUrlStandard(form: string): readonly (readonly [string, string])[] | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (part: string): string => {
    const bytes = part
      .replaceAll("+", " ")
      .replaceAll(/%([\da-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
    return decoder.decode(Buffer.from(bytes, "latin1"));
  };
  const parts = Buffer.from(form).toString("latin1").split("&").filter(Boolean);
  try {
    return parts.map((part): [string, string] => {
      const [name = "", ...rest] = part.split("=");
      return [decode(name), decode(rest.join("="))];
    });
  } catch {
    return undefined; // Bytes that are no text.
  }
}
