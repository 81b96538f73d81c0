import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { linesSource, SourceError, volatileMemory, type LinesOptions, type SourceMemory } from "../../packages/sources/src/index.ts";
import { createSplitter } from "../../packages/sources/src/lines/splitter.ts";
import { record, type RecordingContext } from "./context.ts";
import { temporaryDirectory } from "../support/directory.ts";

const QUICK = { topic: "/log", checkMs: 10, rotationGraceMs: 20 } as const;

const dataOf = (context: RecordingContext): (string | undefined)[] => context.updates.map(({ data }) => data);

describe("splitting", () => {
  const split = (chunks: readonly Uint8Array[], maxLineBytes = 65_536): (readonly [string, boolean])[] => {
    const splitter = createSplitter(maxLineBytes, 0);
    const lines = chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk)));
    const rest = splitter.end();
    return [...lines, ...(rest === undefined ? [] : [rest])].map(({ text, long }) => [text, long] as const);
  };

  test("does not depend on how the bytes come", () => {
    const text = fc.stringMatching(/^[aé水\u{1F600}\r\n]{0,60}$/u);
    fc.assert(
      fc.property(text, fc.array(fc.nat(200), { maxLength: 10 }), fc.integer({ min: 1, max: 70 }), (input, cuts, maxLineBytes) => {
        const bytes = Buffer.from(input);
        const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].toSorted((a, b) => a - b);
        const chunks = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
        const whole = input.split("\n").map((line) => line.replace(/\r$/, ""));
        if (input === "" || input.endsWith("\n")) whole.pop();
        const expected = whole.map((line) => {
          const size = Buffer.byteLength(line);
          let cut = line;
          while (Buffer.byteLength(cut) > maxLineBytes) cut = Array.from(cut).slice(0, -1).join("");
          return [cut, size > maxLineBytes] as const;
        });
        expect(split(chunks, maxLineBytes)).toEqual(expected);
      }),
      { numRuns: 2000, seed: 4 },
    );
  });

  test("holds no more of a line than its bound", () => {
    const splitter = createSplitter(100, 0);
    const chunk = Buffer.alloc(1_000_000, "x");
    for (let i = 0; i < 1000; i++) splitter.push(chunk);
    expect(splitter.push(Buffer.from("\nb\n"))).toEqual([
      { at: 0, text: "x".repeat(100), long: true },
      { at: 1_000_000_001, text: "b", long: false },
    ]);
    expect(splitter.offset).toBe(1_000_000_003);
  });

  test.each<[string, readonly string[]]>([
    ["\0\0\0new\n", ["new"]],
    [`${"\0".repeat(200_000)}new\nnext\n`, ["new", "next"]],
    ["old\n\0\0\0new\n", ["old", "new"]],
    ["half\0\0\0new\n", ["half", "new"]],
    ["whole\0\0\n\0new\n", ["whole", "new"]],
    ["a\0b\n", ["a\0b"]],
    ["a\n\0\0\0", ["a"]],
    ["\0\0\uFEFFa\n", ["a"]],
  ])("has no zeros that stand for no text (%#)", (text, lines) => {
    const bytes = Buffer.from(text);
    const ofEach = Array.from(bytes.subarray(0, 1000), (byte) => Buffer.of(byte));
    for (const chunks of [[bytes], [...ofEach, bytes.subarray(1000)]]) {
      expect(split(chunks, 100)).toEqual(lines.map((line) => [line, false]));
      const splitter = createSplitter(100, 0);
      const places = chunks
        .flatMap((chunk) => splitter.push(chunk))
        .map(({ at, text: line }) => bytes.subarray(at).indexOf(Buffer.from(line)));
      // Each line is where it says, behind its byte order mark.
      expect(places.every((place) => place === 0 || place === 3)).toBe(true);
      expect(splitter.offset).toBeLessThanOrEqual(bytes.length);
    }
  });

  test("leaves a mark at the start of a line out, and takes what is no UTF-8", () => {
    // As of files that were put together.
    expect(split([Buffer.from("\uFEFFa\n\uFEFFb\nc\uFEFF\n")])).toEqual([
      ["a", false],
      ["b", false],
      ["c\uFEFF", false],
    ]);
    expect(split([Buffer.from([0x61, 0xff, 0x0a])])).toEqual([["a\uFFFD", false]]);
  });
});

describe("a stream", () => {
  const publish = async (input: string | Buffer, options: Partial<LinesOptions> = {}): Promise<RecordingContext> => {
    const context = record();
    const stream = new PassThrough();
    stream.end(input);
    await context.start(linesSource({ topic: "/log", ...options, stream }));
    return context;
  };

  test("gives an update a line, the last one without an end too", async () => {
    const context = await publish("one\r\n\ntwo\nthree", { type: "t", private: true });
    expect(context.updates).toEqual(["one", "", "two", "three"].map((data) => ({ topic: "/log", data, type: "t", private: true })));
    expect(context.batches).toHaveLength(2);
  });

  test("keeps a line back until its end has come, and batches what came meanwhile", async () => {
    const stream = new PassThrough();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let busy = (): void => undefined;
    const publishing = new Promise<void>((resolve) => (busy = resolve));
    const context = record(volatileMemory(), async () => {
      busy();
      await held;
    });
    const run = context.start(linesSource({ topic: "/log", stream }));
    stream.write("a");
    stream.write("1\n");
    await publishing;
    for (const text of ["b\n", "c\n", "d"]) stream.write(text);
    release();
    await context.until(() => context.updates.length === 3);
    stream.end("1\n");
    await run;
    expect(context.batches.map((batch) => batch.map(({ data }) => data))).toEqual([["a1"], ["b", "c"], ["d1"]]);
  });

  test("ends when it is stopped, though the input stays open", async () => {
    const stream = new PassThrough();
    const context = record();
    const run = context.start(linesSource({ topic: "/log", stream }));
    stream.write("a\nunfinished");
    await context.until(() => context.updates.length === 1);
    context.stop();
    await run;
    expect(dataOf(context)).toEqual(["a"]);
  });

  test("that fails is told of", async () => {
    const stream = new PassThrough();
    const context = record();
    const run = context.start(linesSource({ topic: "/log", stream }));
    stream.destroy(new Error("EIO"));
    await expect(run).rejects.toThrow(/cannot be read: EIO/);
  });

  test("of long lines is cut or skipped, and told of", async () => {
    const input = `${"é".repeat(10)}\nshort\n`;
    const cut = await publish(input, { maxLineBytes: 5 });
    expect(dataOf(cut)).toEqual(["éé", "short"]);
    expect(cut.problems).toEqual(["The line at byte 0 was cut: longer than 5 bytes (maxLineBytes)."]);
    const skipped = await publish(input, { maxLineBytes: 5, longLines: "skip" });
    expect(dataOf(skipped)).toEqual(["short"]);
    expect(skipped.problems).toHaveLength(1);
  });

  test("of bytes that are no UTF-8 is told of once, with the place and not the text", async () => {
    const latin1 = await publish(Buffer.from("good\ncaf\xe9\ncaf\xe9\n", "latin1"));
    expect(dataOf(latin1)).toEqual(["good", "caf\uFFFD", "caf\uFFFD"]);
    expect(latin1.problems).toEqual([
      "2 lines, the first at byte 5, have bytes that are no UTF-8 and become U+FFFD. Write the log in UTF-8, or convert it: `iconv -f latin1`.",
    ]);
    // A character that is cut is none of them.
    expect((await publish("é".repeat(10), { maxLineBytes: 5 })).problems).toHaveLength(1);
  });

  test("of UTF-16 is told of as that", async () => {
    const bytes = Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from("one\ntwo\n", "utf16le")]);
    const context = await publish(bytes);
    const readOn = await publish(bytes.subarray(2));
    for (const { problems } of [context, readOn])
      expect(problems).toEqual([expect.stringMatching(/^The line at byte 0 looks like UTF-16.*iconv -f utf-16/)]);
  });

  test("of JSON with a byte order mark before each part is read", async () => {
    const context = await publish('\uFEFF{"n":1}\n\uFEFF{"n":NaN}\n', { format: "json" });
    expect(dataOf(context)).toEqual(['{"n":1}', '{"n":null}']);
    expect(context.problems).toEqual([]);
  });

  test("of JSON has its topic, data, type and id in fields", async () => {
    const lines = [
      '{"service":"a/b","level":"warn","n":9007199254740993,"id":"x1","body":{"z":1,"a":[1.0]}}',
      "",
      '{"service":"c","body":"text"}',
      "not json, secret",
      "also not",
      '{"level":"warn"}',
      '{"service":"d"}',
    ];
    const fields = { typeField: "level", idField: "/id", dataField: "body" };
    const context = await publish(lines.join("\n"), { format: "json", topic: "/log/{service}", type: "info", ...fields });
    expect(context.updates).toEqual([
      { topic: "/log/a%2Fb", data: '{"z":1,"a":[1]}', type: "warn", id: "x1" },
      { topic: "/log/c", data: "text", type: "info", id: undefined },
    ]);
    expect(context.problems).toEqual([
      "2 lines, the first at byte 120, were left out: not JSON.",
      "The line at byte 146 was left out: without what the topic is made of.",
      'The line at byte 163 was left out: nothing is at "body" (dataField).',
    ]);
    const whole = await publish('{"t":"/x", "n":9007199254740993}\n', {
      topic: undefined,
      format: "json",
      topicField: "t",
      dataField: undefined,
    });
    expect(whole.updates).toMatchObject([{ topic: "/x", data: '{"t":"/x", "n":9007199254740993}' }]);
  });
});

describe("a file", () => {
  let path = "";
  beforeEach(() => {
    path = join(temporaryDirectory(), "app.log");
  });

  /** Follows the file; `stop` ends it as a restart would. */
  const follow = (
    options: Partial<LinesOptions> = {},
    memory: SourceMemory = volatileMemory(),
  ): RecordingContext & { readonly run: Promise<void> } => {
    const context = record(memory);
    return Object.assign(context, { run: context.start(linesSource({ ...QUICK, file: path, ...options })) });
  };
  const stop = async (context: RecordingContext & { readonly run: Promise<void> }): Promise<void> => {
    context.stop();
    await context.run;
  };
  /** Reads what there is, and ends. */
  const readOnce = async (memory: SourceMemory, options: Partial<LinesOptions> = {}): Promise<RecordingContext> => {
    const context = follow({ follow: false, ...options }, memory);
    await context.run;
    return context;
  };
  const started = (memory: SourceMemory): Promise<unknown> => expect.poll(() => memory.get("lines"), { interval: 5 }).toBeDefined();

  test("is followed from its end, or from its beginning", async () => {
    writeFileSync(path, "old\nhalf");
    const memory = volatileMemory();
    const context = follow({}, memory);
    await started(memory);
    appendFileSync(path, " a line\nnew\nunfinished");
    await context.until(() => context.updates.length === 2);
    await stop(context);
    expect(dataOf(context)).toEqual(["half a line", "new"]);
    expect(dataOf(await readOnce(volatileMemory(), { from: "beginning" }))).toEqual(["old", "half a line", "new", "unfinished"]);
    expect(dataOf(await readOnce(volatileMemory()))).toEqual(["unfinished"]);
  });

  test("goes on where it was left, without loss or repetition", async () => {
    writeFileSync(path, "");
    const memory = volatileMemory();
    const first = follow({}, memory);
    await started(memory);
    appendFileSync(path, "1\n2\n3");
    await first.until(() => first.updates.length === 2);
    await stop(first);
    appendFileSync(path, "3\n4\n");
    const second = follow({}, memory);
    appendFileSync(path, "5\n");
    await second.until(() => second.updates.length >= 3);
    await stop(second);
    expect([...dataOf(first), ...dataOf(second)]).toEqual(["1", "2", "33", "4", "5"]);
    expect(second.problems).toEqual([]);
  });

  test("is not remembered as read where it was not published", async () => {
    writeFileSync(path, "1\n2\n");
    const memory = volatileMemory();
    const failing = record(memory, () => Promise.reject(new Error("The hub is gone.")));
    await expect(failing.start(linesSource({ ...QUICK, file: path, from: "beginning" }))).rejects.toThrow("The hub is gone.");
    expect(dataOf(await readOnce(memory, { from: "beginning" }))).toEqual(["1", "2"]);
  });

  test("that is rotated is read to its end, and then the new one", async () => {
    writeFileSync(path, "1\n");
    const context = follow({ from: "beginning" });
    await context.until(() => context.updates.length === 1);
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, "2\n3");
    await context.until(() => context.updates.length === 2);
    writeFileSync(path, "4\n");
    // As by a writer that was told of the rotation only now.
    appendFileSync(`${path}.1`, "3\n");
    await context.until(() => context.updates.length === 4);
    appendFileSync(path, "5\n");
    await context.until(() => context.updates.length === 5);
    await stop(context);
    expect(dataOf(context)).toEqual(["1", "2", "33", "4", "5"]);
    expect(context.problems).toEqual([]);
  });

  test("that is deleted and made anew is followed", async () => {
    writeFileSync(path, "1\nhalf");
    const context = follow({ from: "beginning" });
    await context.until(() => context.updates.length === 1);
    rmSync(path);
    writeFileSync(path, "2\n");
    await context.until(() => context.updates.length === 3);
    await stop(context);
    expect(dataOf(context)).toEqual(["1", "half", "2"]);
  });

  test("that is truncated is read from its beginning", async () => {
    writeFileSync(path, "1\n2\n3\n");
    const context = follow({ from: "beginning" });
    await context.until(() => context.updates.length === 3);
    truncateSync(path);
    await context.until(() => context.problems.length === 1);
    appendFileSync(path, "4\n");
    await context.until(() => context.updates.length === 4);
    await stop(context);
    expect(dataOf(context)).toEqual(["1", "2", "3", "4"]);
    expect(context.problems).toEqual([expect.stringMatching(/was truncated/)]);
  });

  test("that is truncated and has grown past where it was is noticed", async () => {
    writeFileSync(path, "1\n2\n");
    const context = follow({ from: "beginning" });
    await context.until(() => context.updates.length === 2);
    writeFileSync(path, "other\nlines\n");
    await context.until(() => context.updates.length === 4);
    await stop(context);
    expect(dataOf(context)).toEqual(["1", "2", "other", "lines"]);
  });

  test("that was truncated under a writer that goes on at its place loses no line, while it is followed or not", async () => {
    writeFileSync(path, "");
    const writer = openSync(path, "r+");
    let place = 0;
    const write = (text: string): void => void (place += writeSync(writer, text, place));
    try {
      write(`1\n${"x".repeat(70_000)}\n`);
      const memory = volatileMemory();
      const context = follow({ from: "beginning", maxLineBytes: 65_536, longLines: "skip" }, memory);
      await context.until(() => context.updates.length === 1);
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
      write("2\n");
      await context.until(() => dataOf(context).includes("2"));
      await stop(context);
      write("3\n");
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
      write("4\n");
      expect([...dataOf(context), ...dataOf(await readOnce(memory))]).toEqual(["1", "2", "3", "4"]);
    } finally {
      closeSync(writer);
    }
  });

  test("that was copied and truncated is read on in the copy", async () => {
    writeFileSync(path, "1\n2\n");
    const memory = volatileMemory();
    await readOnce(memory, { from: "beginning" });
    appendFileSync(path, "3\n");
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    appendFileSync(path, "4\n");
    const context = await readOnce(memory);
    expect(dataOf(context)).toEqual(["3", "4"]);
    expect(context.problems).toEqual([]);
  });

  test("that was rotated several times while nobody read is read through all of them", async () => {
    writeFileSync(path, "1\n2\n");
    const memory = volatileMemory();
    await readOnce(memory, { from: "beginning" });
    appendFileSync(path, "3\n");
    renameSync(path, `${path}.2`);
    writeFileSync(`${path}.1`, "4\n");
    writeFileSync(path, "5\n");
    writeFileSync(`${path}.notes`, "not this\n");
    const context = await readOnce(memory);
    expect(dataOf(context)).toEqual(["3", "4", "5"]);
    expect(dataOf(await readOnce(memory))).toEqual([]);
    expect(context.problems).toEqual([]);
  });

  test("with a date before its extension is found too", async () => {
    writeFileSync(path, "1\n");
    const memory = volatileMemory();
    await readOnce(memory, { from: "beginning" });
    appendFileSync(path, "2\n");
    renameSync(path, join(path, "..", "app-2026-11-22.log"));
    writeFileSync(path, "3\n");
    expect(dataOf(await readOnce(memory))).toEqual(["2", "3"]);
  });

  test("whose predecessor is gone is read from its beginning, with a warning", async () => {
    writeFileSync(path, "1\n");
    const memory = volatileMemory();
    await readOnce(memory, { from: "beginning" });
    // The same inode may come back: only the content tells.
    rmSync(path);
    writeFileSync(path, "2\n");
    const context = await readOnce(memory);
    expect(dataOf(context)).toEqual(["2"]);
    expect(context.problems).toEqual([expect.stringMatching(/is another one now/)]);
  });

  test("need not be there yet", async () => {
    const context = follow();
    await context.until(() => context.problems.length === 1);
    writeFileSync(path, "1\n");
    await context.until(() => context.updates.length === 1);
    await stop(context);
    expect(dataOf(context)).toEqual(["1"]);
    expect(context.problems).toEqual([expect.stringMatching(/is not there yet/)]);
    rmSync(path);
    await expect(readOnce(volatileMemory())).rejects.toThrow(/no such file/);
  });

  test("that is none is refused", async () => {
    mkdirSync(path);
    await expect(follow().run).rejects.toThrow(SourceError);
  });

  test("of many lines goes in bounded batches, in order, across kills", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `${i} ${"x".repeat(i % 90)}`);
    writeFileSync(path, `${lines.join("\n")}\n`);
    const memory = volatileMemory();
    const all: (string | undefined)[] = [];
    for (let round = 0; ; round++) {
      // Stopped in the middle of a batch again and again, as by a signal.
      const context = record(memory, () => (round < 3 ? Promise.resolve(context.stop()) : Promise.resolve()));
      await context.start(linesSource({ ...QUICK, file: path, from: "beginning", follow: false }));
      all.push(...dataOf(context));
      for (const batch of context.batches) expect(batch.length).toBeLessThanOrEqual(1000);
      if (round === 4) break;
    }
    expect(all).toEqual(lines);
  });
});

describe("a file in a life of writing, rotation and restarts", () => {
  /** Small and repeatable: the same seed, the same life. */
  const randomOf = (seed: number): ((below: number) => number) => {
    let state = seed;
    return (below) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
  };

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("loses and repeats nothing (seed %i)", async (seed) => {
    const random = randomOf(seed);
    const path = join(temporaryDirectory(), "app.log");
    const memory = volatileMemory();
    const seen: (string | undefined)[] = [];
    let written = 0;
    let rotations = 0;
    const append = (): void => {
      for (let i = random(20); i >= 0; i--) appendFileSync(path, `line ${written++} ${"é".repeat(random(200))}\n`);
    };
    writeFileSync(path, "");
    append();
    for (let run = 0; run < 6; run++) {
      const context = record(memory);
      const running = context.start(linesSource({ ...QUICK, file: path, from: "beginning" }));
      // What was rotated away before anything was read does not count.
      if (run === 0) await context.until(() => context.updates.length === written);
      for (let step = 0; step < 12; step++) {
        if (random(3) === 0) await context.until(() => seen.length + context.updates.length === written);
        const choice = random(6);
        if (choice === 0) {
          renameSync(path, `${path}.${1000 - rotations++}`);
          writeFileSync(path, "");
        } else if (choice === 1) {
          // What is in a file that was never read can't be told from what is in its copy.
          await context.until(() => seen.length + context.updates.length === written);
          append();
          copyFileSync(path, `${path}.${1000 - rotations++}`);
          truncateSync(path);
        }
        append();
      }
      // The last run reads to the end, the others are stopped wherever they are.
      if (run === 5) await context.until(() => seen.length + context.updates.length >= written);
      context.stop();
      await running;
      seen.push(...dataOf(context));
      append();
    }
    const last = record(memory);
    await last.start(linesSource({ ...QUICK, file: path, follow: false }));
    seen.push(...dataOf(last));
    const numbers = seen.map((line) => Number(line?.split(" ")[1]));
    expect(numbers).toEqual(Array.from({ length: written }, (_, i) => i));
  });
});

test.each([
  [{ file: undefined }, /`file` or `stream`/],
  [{ topic: undefined }, /^topic: /],
  [{ topicField: "a" }, /either by `topic`/],
  [{ topic: "/{a}" }, /\{a\} is a field/],
  [{ dataField: "a" }, /^dataField: /],
  [{ checkMs: 1 }, /^checkMs: 1/],
  [{ maxLineBytes: 0 }, /^maxLineBytes: 0/],
])("%j is refused", (options, message) => {
  expect(() => linesSource({ file: "x", topic: "/x", ...options })).toThrow(message);
});
