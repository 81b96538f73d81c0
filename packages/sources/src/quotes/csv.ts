import type { OptionsWithColumns } from "csv-parse";
import { sameName, type QuoteFields } from "./fields.ts";

/** The dialect of a CSV file. */
export interface CsvFormat {
  /**
   * Separator of columns, one character. Default: the one in a first line such as `sep=;`, else the
   * first comma, semicolon, tab or bar of the first line, else a comma.
   */
  readonly delimiter?: string | undefined;
  /**
   * Whether the first line names the columns. Default true. Without a header, columns are named
   * `1`, `2`, …
   */
  readonly header?: boolean | undefined;
}

/** Longest line, in characters. An unclosed quote must not take the whole file into memory. */
const MAX_RECORD = 64 * 1024;

/** Most columns of a file without a header. */
const MAX_COLUMNS = 256;

/** A record: the fields by the names of their columns. */
export type CsvRecord = Readonly<Record<string, string>>;

/** Events while a file is read. */
export interface CsvEvents {
  /** Called with the names of the columns in the fields' spelling, once they are known. */
  readonly onColumns: (names: readonly string[]) => void;
  /** Called for a line that is no record. */
  readonly onSkip: (problem: string) => void;
}

/** @throws TypeError for an invalid delimiter. */
export function checkCsv({ delimiter }: CsvFormat): void {
  if (delimiter !== undefined && (delimiter.length !== 1 || /["\r\n]/.test(delimiter))) {
    throw new TypeError(`delimiter: ${JSON.stringify(delimiter)} is not one character, such as ; or a tab.`);
  }
}

/** Default column names of the fields. */
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

/** How far into a file the first line is searched for, in bytes. */
export const CSV_HEAD_BYTES: number = 64 * 1024;

/** Facts from the first line of the file. */
interface CsvHead {
  readonly delimiter: string;
  /**
   * The parser's first line. The file's first line is skipped if it says `sep=;`, as spreadsheets
   * write it.
   */
  readonly firstLine: 1 | 2;
}

function readHead(head: string, { delimiter }: CsvFormat): CsvHead {
  const line = /^\ufeff?([^\r\n]*)/.exec(head)?.[1] ?? "";
  const said = /^"?sep=([^"])"?$/i.exec(line)?.[1];
  const seen = /[,;\t|]/.exec(line.replaceAll(/"[^"]*"/g, ""))?.[0];
  return { delimiter: delimiter ?? said ?? seen ?? ",", firstLine: said === undefined ? 1 : 2 };
}

/** Renames the columns to the fields' names. An exact name counts before a similar name. */
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
 * Options of the parser. Spaces around values and a byte order mark are removed, and a bad line
 * costs that line alone.
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
