import type { OptionsWithColumns } from "csv-parse";
import { sameName, type QuoteFields } from "./fields.ts";

/** How a CSV file is written. */
export interface CsvFormat {
  /**
   * What stands between two columns, one character. Default: as a first line `sep=;` says, else what of comma, semicolon, tab
   * and bar is first in the first line, else a comma.
   */
  readonly delimiter?: string | undefined;
  /** Whether the first line names the columns. Default true. Without it they are `1`, `2`, … */
  readonly header?: boolean | undefined;
}

/** Longest line, in characters: a quote that nothing closes must not take the file into memory. */
const MAX_RECORD = 64 * 1024;

/** Most columns of a file without a header. */
const MAX_COLUMNS = 256;

/** A record: the fields by the names of their columns. */
export type CsvRecord = Readonly<Record<string, string>>;

/** What is learnt while a file is read. */
export interface CsvEvents {
  /** The names of the columns, once they are known, in the spelling of the fields. */
  readonly onColumns: (names: readonly string[]) => void;
  /** A line that is no record. */
  readonly onSkip: (problem: string) => void;
}

/** @throws TypeError for a delimiter that can't be. */
export function checkCsv({ delimiter }: CsvFormat): void {
  if (delimiter !== undefined && (delimiter.length !== 1 || /["\r\n]/.test(delimiter))) {
    throw new TypeError(`delimiter: ${JSON.stringify(delimiter)} is not one character, such as ; or a tab.`);
  }
}

/** Names of columns where the fields say nothing else. */
const DEFAULT_NAMES: Readonly<Record<keyof QuoteFields, string | undefined>> = {
  symbol: "symbol",
  price: "price",
  time: "time",
  date: undefined,
  volume: "volume",
  change: "change",
  changePercent: "changePercent",
  previousClose: "previousClose",
};

/** How far into a file the first line is looked for, in bytes. */
export const CSV_HEAD_BYTES: number = 64 * 1024;

/** What the first line tells of the file. */
interface CsvHead {
  readonly delimiter: string;
  /** The line from which the parser reads; the first is not for it if it says `sep=;`, as spreadsheets write it. */
  readonly firstLine: 1 | 2;
}

function readHead(head: string, { delimiter }: CsvFormat): CsvHead {
  const line = /^\ufeff?([^\r\n]*)/.exec(head)?.[1] ?? "";
  const said = /^"?sep=([^"])"?$/i.exec(line)?.[1];
  const seen = /[,;\t|]/.exec(line.replaceAll(/"[^"]*"/g, ""))?.[0];
  return { delimiter: delimiter ?? said ?? seen ?? ",", firstLine: said === undefined ? 1 : 2 };
}

/** The columns under the names that the fields have for them: a name counts before those that only look like it. */
function rename(columns: readonly string[], fields: QuoteFields): readonly string[] {
  const names = [...columns];
  for (const [field, fallback] of Object.entries(DEFAULT_NAMES)) {
    const wanted = fields[field as keyof QuoteFields] ?? fallback;
    if (wanted === undefined || columns.includes(wanted)) continue;
    const index = names.findIndex((name) => sameName(name) === sameName(wanted));
    if (index !== -1) names[index] = wanted;
  }
  return names;
}

/**
 * Options of the parser. Spaces around values go, a byte order mark goes, and a bad line costs that line alone.
 *
 * @param head - The beginning of the file.
 */
export function csvOptions(
  head: string,
  format: CsvFormat & { readonly fields?: QuoteFields | undefined },
  events: CsvEvents,
): OptionsWithColumns<CsvRecord> {
  const { delimiter, firstLine } = readHead(head, format);
  const columns = (first: readonly string[]): { name: string }[] => {
    const names = rename(
      first.map((name) => name.trim()),
      format.fields ?? {},
    );
    events.onColumns(names);
    return names.map((name) => ({ name }));
  };
  const numbered = Array.from({ length: MAX_COLUMNS }, (_, index) => ({ name: String(index + 1) }));
  return {
    delimiter,
    from_line: firstLine,
    columns: (format.header ?? true) ? columns : numbered,
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: MAX_RECORD,
    skip_records_with_error: true,
    on_skip: (error) => {
      events.onSkip(error?.message ?? "it can't be read");
      return undefined;
    },
  };
}
