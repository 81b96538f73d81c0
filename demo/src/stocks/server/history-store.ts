import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { PriceHistory, SymbolHistory } from "./price-history.ts";
import { type Candle, CANDLE_STEPS, CANDLES_KEPT, type CandleStep, SYMBOL_LENGTH } from "./wire.ts";

/** First line of the file. Another number means another form, which is not read. */
const FORM = { artesian: "stocks-history", form: 1 } as const;

/** Largest size of the file for each symbol, in bytes. A symbol's candles take about a third. */
const BYTES_PER_SYMBOL = 150_000;

type Row = readonly [time: number, open: number, high: number, low: number, close: number, volume: number];

/** A symbol as a line of the file. */
interface Line extends Omit<SymbolHistory, "candles"> {
  readonly candles: Readonly<Record<CandleStep, readonly Row[]>>;
}

/**
 * Writes the history to a new file that replaces the old file, so that a whole file is there after
 * a crash.
 *
 * @param cursor - Event id of the newest update that the history has.
 */
export async function writeHistory(path: string, history: PriceHistory, cursor: string): Promise<void> {
  // Both are of this moment, before the first wait.
  const lines = toLines(history.kept(), cursor);
  const temporary = `${path}.tmp`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await pipeline(Readable.from(lines), createGzip({ level: 1 }), createWriteStream(temporary, { mode: 0o600 }));
  const file = await open(temporary, "r+");
  try {
    // Without this, a power cut could leave the new name on an empty file.
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/**
 * Reads the history of a file, as far as it fits.
 *
 * @param isWanted - Whether a symbol is taken over.
 * @returns The event id to follow the journal after, or undefined without a file.
 * @throws Error when the file can't be read, or is not a history.
 */
export async function readHistory(
  path: string,
  history: PriceHistory,
  maxSymbols: number,
  isWanted: (kept: SymbolHistory) => boolean,
): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > maxSymbols * BYTES_PER_SYMBOL) throw new RangeError(`${path} is larger than the histories of ${maxSymbols} symbols`);
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, "code") === "ENOENT") return undefined;
    throw error;
  }
  const source = createReadStream(path);
  const text = createGunzip();
  const reading = pipeline(source, text, async (chunks: AsyncIterable<Buffer>) => {
    let cursor: string | undefined;
    for await (const line of createInterface({ input: Readable.from(chunks), crlfDelay: Infinity })) {
      if (cursor === undefined) {
        cursor = cursorIn(JSON.parse(line));
        continue;
      }
      const kept = fromLine(JSON.parse(line) as Line);
      if (isWanted(kept)) history.restore(kept);
    }
    if (cursor === undefined) throw new SyntaxError(`${path} is empty`);
    return cursor;
  });
  return await reading;
}

function* toLines(histories: Iterator<SymbolHistory, undefined>, cursor: string): Generator<string, undefined> {
  yield `${JSON.stringify({ ...FORM, cursor })}\n`;
  for (let next = histories.next(); next.done !== true; next = histories.next()) yield `${JSON.stringify(lineOf(next.value))}\n`;
}

function lineOf({ candles, ...rest }: SymbolHistory): Line {
  const rows = (step: CandleStep): Row[] =>
    candles[step].map(({ time, open: first, high, low, close, volume }) => [time, first, high, low, close, volume]);
  return { ...rest, candles: { second: rows("second"), minute: rows("minute"), quarter: rows("quarter"), day: rows("day") } };
}

function cursorIn(header: unknown): string {
  const { artesian, form, cursor } = (header ?? {}) as Record<string, unknown>;
  if (artesian !== FORM.artesian || form !== FORM.form || typeof cursor !== "string")
    throw new SyntaxError("it is not a history of prices");
  return cursor;
}

/** The file is the process's own, so only its shape is checked. */
function fromLine({ candles, ...rest }: Line): SymbolHistory {
  const { symbol, price, at } = rest.quote;
  if (typeof symbol !== "string" || symbol.length > SYMBOL_LENGTH || ![price, at, rest.since].every(Number.isFinite)) {
    throw new SyntaxError("a symbol in it has no price");
  }
  const of = (step: CandleStep): Candle[] =>
    candles[step].slice(-CANDLES_KEPT[step]).map((row) => {
      const [time, first, high, low, close, volume] = row;
      if (!row.every(Number.isFinite) || time % CANDLE_STEPS[step] !== 0) throw new SyntaxError("a candle in it is not one");
      return { time, open: first, high, low, close, volume };
    });
  return { ...rest, candles: { second: of("second"), minute: of("minute"), quarter: of("quarter"), day: of("day") } };
}
