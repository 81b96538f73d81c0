import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { parse, type Parser } from "csv-parse";
import { bounded } from "../bounds.ts";
import { SourceError, type Source, type SourceContext } from "../source.ts";
import { createBook } from "./book.ts";
import { checkCsv, CSV_HEAD_BYTES, csvOptions, type CsvEvents } from "./csv.ts";
import { columnPath, compileFields } from "./fields.ts";
import { planOf, SYSTEM_CLOCK, type FileQuotesOptions } from "./options.ts";
import { createPacer } from "./pacer.ts";
import { createProblems, type Problems } from "./problems.ts";
import { toUpdate, type Reading } from "./quote.ts";

/** A price, and its time in the file. */
interface Timed {
  readonly reading: Reading;
  readonly timeMs: number;
}

/** Largest file that is sorted by time in memory, in bytes. */
const MAX_SORTED_BYTES = 16 * 1024 * 1024;

/**
 * Replays a CSV file. A file too large to be sorted in memory is streamed, so its size does not
 * matter.
 */
export function fileQuotes(options: FileQuotesOptions): Source {
  const plan = planOf(options);
  checkCsv(options);
  const { fields = {}, clock = SYSTEM_CLOCK, path } = options;
  const readRecord = compileFields(fields, columnPath, options.negativePrices);
  const speed = options.speed === "max" ? "max" : bounded("speed", options.speed, { fallback: 1, min: 0.001, max: 1_000_000 });
  const maxPerSecond = bounded("maxPerSecond", options.maxPerSecond, { fallback: speed === "max" ? 100_000 : 1000, min: 1, max: 100_000 });
  const longestPauseMs = bounded("longestPauseMs", options.longestPauseMs, {
    fallback: Number.POSITIVE_INFINITY,
    min: 1,
    max: Number.POSITIVE_INFINITY,
  });
  const name = basename(path);
  // Times that go back would look like late prices.
  const times = options.times ?? (options.loop === true ? "now" : "file");

  /** The prices of the file with their times, in the order of the times if there are any. */
  async function* readings(context: SourceContext, problems: Problems): AsyncGenerator<Timed> {
    const needed = [fields.symbol ?? "symbol", fields.price ?? "price", ...(speed === "max" ? [] : [fields.time ?? "time"])];
    const onColumns = (names: readonly string[]): void => {
      const missing = needed.find((column) => !names.includes(column));
      if (missing === undefined) return;
      throw new SourceError(
        `${path} has no column "${missing}"; its columns are: ${names.slice(0, 20).join(", ").slice(0, 300)}. Say by fields which is which.`,
      );
    };
    let timeMs: number | undefined;
    for await (const record of openCsv(options, context.signal, { onColumns, onSkip: (problem) => problems.add(problem) })) {
      const read = readRecord(record);
      // A price without a time takes the time of the price before.
      timeMs = read.ok ? (read.reading.timeMs ?? timeMs) : timeMs;
      if (!read.ok) problems.add(read.problem);
      else if (timeMs === undefined && speed !== "max")
        problems.add(`of ${read.reading.symbol}, there is no time, which the speed goes by`);
      else {
        if (read.untold !== undefined) problems.untold(read.untold);
        yield { reading: read.reading, timeMs: timeMs ?? clock.now() };
      }
    }
  }

  /** One pass through the file. */
  async function replay(context: SourceContext, warnOnce: (message: string) => void): Promise<void> {
    const problems = createProblems(context, name);
    const book = createBook(plan, (message) => context.report({ kind: "warning", message }));
    const pacer = createPacer({
      speed,
      longestPauseMs,
      maxPerSecond,
      clock,
      signal: context.signal,
      publish: (batch) => plan.outlet.publish(context, batch),
      // At full speed, the bound is the speed.
      onBound: () =>
        speed !== "max" && warnOnce(`More than ${maxPerSecond} prices a second of ${name} are due. They come later (maxPerSecond).`),
      onSeries: () => warnOnce(`${name} is not in the order of its times, and too large to be sorted here. Sort it by its times.`),
    });
    let good = 0;
    const all = readings(context, problems);
    const ordered = speed === "max" || !(await isSmall(path)) ? all : await inOrder(all);
    for await (const { reading, timeMs } of ordered) {
      good += 1;
      if (!(await pacer.waitFor(timeMs))) break;
      const quote = book.quote(reading, times === "now" ? clock.now() : timeMs);
      const update = quote === undefined ? undefined : toUpdate(plan.topic, plan.type, quote);
      if (update !== undefined) await pacer.add(update);
    }
    await pacer.flush();
    const bad = problems.flush();
    // Without this check, a loop over a file without prices would never rest.
    if (good === 0 && !context.signal.aborted)
      throw new SourceError(`${path} has no usable price in ${bad} records. Say by fields which column is which.`);
  }

  return {
    async run(context) {
      const warned = new Set<string>();
      const warnOnce = (message: string): void => {
        if (!warned.has(message)) context.report({ kind: "warning", message });
        warned.add(message);
      };
      do {
        await replay(context, warnOnce);
        if (options.loop === true) await clock.sleep(LOOP_PAUSE_MS, context.signal);
      } while (options.loop === true && !context.signal.aborted);
    },
  };
}

/**
 * Pause between the end of a file and its restart, in milliseconds. Otherwise a file of one line
 * would keep the hub busy.
 */
const LOOP_PAUSE_MS = 100;

/** Whether the file may be held in memory. A pipe or other non-file has no size. */
async function isSmall(path: string): Promise<boolean> {
  // An unreadable file fails when it is opened, with the reason.
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && found.size <= MAX_SORTED_BYTES;
}

/** Sorts prices. Many files have the newest price first, or one symbol after the other. */
async function inOrder(readings: AsyncIterable<Timed>): Promise<readonly Timed[]> {
  const all: Timed[] = [];
  for await (const each of readings) all.push(each);
  return all.toSorted((a, b) => a.timeMs - b.timeMs);
}

/**
 * Reads the beginning of a file. A pipe is not read, because the later reader would lose its
 * beginning.
 */
async function headOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    if (!(await file.stat()).isFile()) return "";
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CSV_HEAD_BYTES), 0, CSV_HEAD_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Opens a file as a stream of records. Ends early when the signal is aborted. */
async function* openCsv(options: FileQuotesOptions, signal: AbortSignal, events: CsvEvents): AsyncGenerator {
  const { path } = options;
  try {
    const head = await headOf(path);
    const file = createReadStream(path, { highWaterMark: 64 * 1024 });
    const parser: Parser = parse(csvOptions(head, options, events));
    // `pipe` passes no error on, and the parser would wait for ever.
    file.on("error", (error) => parser.destroy(error));
    const stop = (): void => void parser.destroy();
    signal.addEventListener("abort", stop);
    try {
      yield* file.pipe(parser);
    } finally {
      signal.removeEventListener("abort", stop);
      file.destroy();
      parser.destroy();
    }
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof SourceError) throw error;
    throw new SourceError(
      `${path} can't be replayed: ${error instanceof Error ? error.message : String(error)}. Name a CSV file that can be read.`,
      { cause: error },
    );
  }
}
