import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { type QuotesOptions, quotesSource } from "artesian-sources";

const FORMS = "Use `simulated`, `none`, a URL, a CSV file, or a JSON file with the options.";

/**
 * Parses a command line's origin of prices.
 *
 * @param spec - `simulated`, `none`, an http or https URL of JSON or CSV, or a CSV file, which is
 *   played in a loop. Also a JSON file with the options of `quotesSource`, for a key, other column
 *   names or another interval.
 * @returns Undefined for `simulated`, the market that `createStocks` makes by itself.
 * @throws TypeError with a valid spelling.
 */
export function parseQuotes(spec: string): QuotesOptions | "none" | undefined {
  const text = spec.trim();
  if (text === "simulated") return undefined;
  if (text === "none") return "none";
  if (/^https?:\/\//i.test(text)) return checked({ from: "http", url: text });
  switch (extname(text).toLowerCase()) {
    case ".csv":
      return checked({ from: "file", path: text, loop: true, times: "now", longestPauseMs: 60_000 });
    case ".json":
      return checked(readOptions(text));
    default:
      throw new TypeError(`quotes: "${spec}" is no source of prices. ${FORMS}`);
  }
}

function readOptions(path: string): QuotesOptions {
  let options: unknown;
  try {
    options = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new TypeError(`quotes: ${path} can't be read as JSON (${error instanceof Error ? error.message : String(error)}).`, {
      cause: error,
    });
  }
  const from: unknown = typeof options === "object" && options !== null ? Reflect.get(options, "from") : undefined;
  if (from !== "http" && from !== "file" && from !== "simulated") {
    throw new TypeError(`quotes: ${path} has no "from" that is "http", "file" or "simulated".`);
  }
  return options as QuotesOptions;
}

/** The source checks the rest. */
function checked(options: QuotesOptions): QuotesOptions {
  try {
    quotesSource(options);
    return options;
  } catch (error) {
    throw error instanceof TypeError ? new TypeError(`quotes: ${error.message}`, { cause: error }) : error;
  }
}
