import { parse } from "csv-parse/sync";
import type { TextUpdate } from "artesian";
import { TemporaryError } from "../errors.ts";
import { checkHttpBounds, checkTiming, conditionalGet, decodeText, pollLoop, readAddress, shownAddress } from "../http/index.ts";
import type { HttpAnswer, Round, Validators } from "../http/index.ts";
import { parseJson } from "../json.ts";
import { compilePath } from "../path.ts";
import type { Source, SourceContext } from "../source.ts";
import { createBook, type Book } from "./book.ts";
import { checkCsv, CSV_HEAD_BYTES, csvOptions, type CsvRecord } from "./csv.ts";
import { columnPath, compileFields, type ReadRecord } from "./fields.ts";
import { planOf, type HttpQuotesOptions } from "./options.ts";
import { createProblems, type Problems } from "./problems.ts";
import { toUpdate, type Reading } from "./quote.ts";
import { isLate } from "./times.ts";

/** State shared by the rounds. */
interface State {
  readonly book: Book;
  readonly problems: Problems;
  /**
   * The last published price of each symbol, without the time, and the newest time of the origin.
   */
  readonly last: Map<string, { readonly mark: string; readonly timeMs: number | undefined }>;
  validators: Validators | undefined;
}

/** Polls an address, and publishes the prices that have changed since the last round. */
export function httpQuotes(options: HttpQuotesOptions): Source {
  const plan = planOf(options);
  const { url } = readAddress(options.url);
  void new Headers(options.headers);
  checkCsv(options);
  const bounds = checkHttpBounds(options);
  const timing = checkTiming(options, 5000);
  const itemsAt = compilePath(options.items ?? "");
  const readJson = compileFields(options.fields ?? {}, compilePath, options.negativePrices);
  const readCsv = compileFields(options.fields ?? {}, columnPath, options.negativePrices);
  const name = shownAddress(url);

  /** Reads the records of an answer. */
  function readRecords({ body, contentType }: Extract<HttpAnswer, { kind: "changed" }>, problems: Problems): readonly ReadRecord[] {
    const text = decodeText(body, contentType);
    const isJson =
      options.format === undefined ? /[/+]json\b/i.test(contentType ?? "") || /^\s*[[{]/.test(text) : options.format === "json";
    if (!isJson) return csvRecords(text, problems).map((record) => readCsv(record));
    const list = itemsAt(readJsonText(text));
    if (Array.isArray(list)) return list.map((record) => readJson(record));
    if (typeof list === "object" && list !== null) return Object.entries(list).map(([key, record]) => readJson(record, key));
    throw new TemporaryError(`The answer of ${name} has no array or object at "${options.items ?? ""}" (items).`);
  }

  function readJsonText(text: string): unknown {
    try {
      return parseJson(text);
    } catch (error) {
      throw new TemporaryError(`The answer of ${name} is not JSON.`, { cause: error });
    }
  }

  function csvRecords(text: string, problems: Problems): readonly CsvRecord[] {
    const needed = [options.fields?.symbol ?? "symbol", options.fields?.price ?? "price"];
    const onColumns = (names: readonly string[]): void => {
      const missing = needed.find((column) => !names.includes(column));
      if (missing !== undefined) throw new TemporaryError(`The answer of ${name} has no column "${missing}". ${columnsAre(names)}`);
    };
    try {
      return parse<CsvRecord>(
        text,
        csvOptions(text.slice(0, CSV_HEAD_BYTES), options, { onColumns, onSkip: (problem) => problems.add(problem) }),
      );
    } catch (error) {
      if (error instanceof TemporaryError) throw error;
      throw new TemporaryError(`The answer of ${name} is not CSV: ${error instanceof Error ? error.message : String(error)}.`, {
        cause: error,
      });
    }
  }

  async function round(context: SourceContext, state: State): Promise<Round> {
    const { report, signal } = context;
    const answer = await conditionalGet(options.url, { ...bounds, headers: options.headers, previous: state.validators, signal });
    if (answer.kind === "unchanged") {
      report({ kind: "fetched", changed: false, items: state.last.size, bytes: 0 });
      return answer;
    }
    const nowMs = Date.now();
    const newest = new Map<string, Reading>();
    const records = readRecords(answer, state.problems);
    let good = 0;
    for (const read of records) {
      if (!read.ok) {
        state.problems.add(read.problem);
        continue;
      }
      good += 1;
      if (read.untold !== undefined) state.problems.untold(read.untold);
      const reading = withPast(read.reading, nowMs);
      const before = newest.get(reading.symbol);
      // If a symbol occurs twice, the newer price counts, or without times the later.
      if (!((reading.timeMs ?? nowMs) < (before?.timeMs ?? 0))) newest.set(reading.symbol, reading);
    }
    state.problems.flush();
    if (good === 0 && records.length > 0)
      throw new TemporaryError(`The answer of ${name} has no usable price in ${records.length} records.`);
    const changed: TextUpdate[] = [];
    const after = new Map<string, { readonly mark: string; readonly timeMs: number | undefined }>();
    for (const [symbol, reading] of newest) {
      const { timeMs, ...told } = reading;
      const last = state.last.get(symbol);
      // A cache or one of several servers lags behind.
      if (timeMs !== undefined && last?.timeMs !== undefined && isLate(timeMs, last.timeMs)) continue;
      const mark = JSON.stringify(told);
      const quote = state.book.quote(reading, timeMs ?? nowMs);
      const update = quote === undefined ? undefined : toUpdate(plan.topic, plan.type, quote);
      if (update === undefined) continue;
      if (last?.mark !== mark) changed.push(update);
      after.set(symbol, { mark, timeMs: timeMs ?? last?.timeMs });
    }
    report({ kind: "fetched", changed: changed.length > 0, items: records.length, bytes: answer.body.byteLength });
    await plan.outlet.publish(context, changed);
    for (const [symbol, last] of after) state.last.set(symbol, last);
    state.validators = answer.validators;
    return answer;
  }

  return {
    async run(context) {
      const state: State = {
        book: createBook(plan, (message) => context.report({ kind: "warning", message })),
        problems: createProblems(context, name),
        last: new Map(),
        validators: undefined,
      };
      await pollLoop(timing, context, () => round(context, state));
    },
  };
}

/**
 * Largest lead of a price's time, in milliseconds. A clock may be wrong, and an exchange may give
 * its local time as UTC. A later time is impossible for a price.
 */
const MAX_AHEAD_MS = 86_400_000;

function withPast(reading: Reading, nowMs: number): Reading {
  return (reading.timeMs ?? nowMs) <= nowMs + MAX_AHEAD_MS ? reading : { ...reading, timeMs: undefined };
}

function columnsAre(names: readonly string[]): string {
  return `Its columns are: ${names.slice(0, 20).join(", ").slice(0, 300)}.`;
}
