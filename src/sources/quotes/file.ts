import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { parse, type Parser } from "csv-parse";
import { bounded } from "../bounds.ts";
import { SourceError, type Source, type SourceContext } from "../source.ts";
import { createBook } from "./book.ts";
import { checkCsv, csvOptions, type CsvEvents } from "./csv.ts";
import { columnPath, compileFields } from "./fields.ts";
import { planOf, SYSTEM_CLOCK, type FileQuotesOptions } from "./options.ts";
import { createPacer } from "./pacer.ts";
import { createProblems } from "./problems.ts";
import { toUpdate } from "./quote.ts";

/** Replays a CSV file. It is read as it is needed, so its size does not matter. */
export function fileQuotes(options: FileQuotesOptions): Source {
  const plan = planOf(options);
  checkCsv(options);
  const { fields = {}, clock = SYSTEM_CLOCK, path } = options;
  const readRecord = compileFields(fields, columnPath, options.negativePrices);
  const speed = options.speed === "max" ? "max" : bounded("speed", options.speed, { fallback: 1, min: 0.001, max: 1_000_000 });
  const longestPauseMs = bounded("longestPauseMs", options.longestPauseMs, {
    fallback: Number.POSITIVE_INFINITY,
    min: 1,
    max: Number.POSITIVE_INFINITY,
  });
  const name = basename(path);

  /** One pass through the file. */
  async function replay(context: SourceContext): Promise<void> {
    const problems = createProblems(context, name);
    const book = createBook(plan, (message) => context.report({ kind: "warning", message }));
    const pacer = createPacer({
      speed,
      longestPauseMs,
      clock,
      signal: context.signal,
      publish: (batch) => plan.outlet.publish(context, batch),
    });
    let good = 0;
    const onColumns = (names: readonly string[]): void => {
      const needed = [fields.symbol ?? "symbol", fields.price ?? "price", ...(speed === "max" ? [] : [fields.time ?? "time"])];
      const missing = needed.find((column) => !names.includes(column));
      if (missing === undefined) return;
      throw new SourceError(
        `${path} has no column "${missing}"; its columns are: ${names.slice(0, 20).join(", ").slice(0, 300)}. Say by fields which is which.`,
      );
    };
    for await (const record of openCsv(options, context.signal, { onColumns, onSkip: (problem) => problems.add(problem) })) {
      const read = readRecord(record);
      const timeMs = read.ok ? (read.reading.timeMs ?? (speed === "max" ? clock.now() : undefined)) : undefined;
      if (!read.ok || timeMs === undefined) {
        problems.add(read.ok ? `of ${read.reading.symbol}, there is no time, which the speed goes by` : read.problem);
        continue;
      }
      good += 1;
      if (!(await pacer.waitFor(timeMs))) break;
      const quote = book.quote(read.reading, options.times === "now" ? clock.now() : timeMs);
      const update = quote === undefined ? undefined : toUpdate(plan.topic, plan.type, quote);
      if (update !== undefined) await pacer.add(update);
    }
    await pacer.flush();
    const bad = problems.flush();
    // Without this, a loop over such a file would never rest.
    if (good === 0 && !context.signal.aborted)
      throw new SourceError(`${path} has no usable price in ${bad} records. Say by fields which column is which.`);
  }

  return {
    async run(context) {
      do {
        await replay(context);
        if (options.loop === true) await clock.sleep(LOOP_PAUSE_MS, context.signal);
      } while (options.loop === true && !context.signal.aborted);
    },
  };
}

/** Between the end of a file and its start, in milliseconds, so that a file of one line is not all that the hub does. */
const LOOP_PAUSE_MS = 100;

/** Opens a file as a stream of records. Ends early when the signal is aborted. */
async function* openCsv(options: FileQuotesOptions, signal: AbortSignal, events: CsvEvents): AsyncGenerator {
  const { path } = options;
  const file = createReadStream(path, { highWaterMark: 64 * 1024 });
  const parser: Parser = parse(csvOptions(options, events));
  // `pipe` hands on no error, and the parser would wait for ever.
  file.on("error", (error) => parser.destroy(error));
  const stop = (): void => void parser.destroy();
  signal.addEventListener("abort", stop);
  try {
    yield* file.pipe(parser);
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof SourceError) throw error;
    throw new SourceError(
      `${path} can't be replayed: ${error instanceof Error ? error.message : String(error)}. Name a CSV file that can be read.`,
      {
        cause: error,
      },
    );
  } finally {
    signal.removeEventListener("abort", stop);
    file.destroy();
    parser.destroy();
  }
}
