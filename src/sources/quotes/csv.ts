import type { OptionsWithColumns } from "csv-parse";

/** How a CSV file is written. */
export interface CsvFormat {
  /** What stands between two columns, one character. Default a comma. */
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
  /** The names of the columns, once they are known. */
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

/** Options of the parser. Spaces around values go, a byte order mark goes, and a bad line costs that line alone. */
export function csvOptions(format: CsvFormat, events: CsvEvents): OptionsWithColumns<CsvRecord> {
  const columns = (first: readonly string[]): { name: string }[] => {
    const names = first.map((name) => name.trim());
    events.onColumns(names);
    return names.map((name) => ({ name }));
  };
  const numbered = Array.from({ length: MAX_COLUMNS }, (_, index) => ({ name: String(index + 1) }));
  return {
    delimiter: format.delimiter ?? ",",
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
