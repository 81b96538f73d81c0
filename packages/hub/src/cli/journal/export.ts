import type { Config } from "../config/config.ts";
import { formatCount } from "../config/units.ts";
import type { Output } from "../terminal.ts";
import { openSource, partsOf, writeLines } from "./source.ts";

/**
 * Writes every update of the configured journal as a line of NDJSON. The updates appended after the
 * start are left out.
 *
 * @returns The message for the user.
 * @throws UsageError when the journal keeps nothing.
 * @throws Failure when the journal can't be read.
 */
export async function exportJournal(config: Config, stdout: Output, stderr: Output): Promise<string> {
  const source = await openSource(config, (what) => void stderr.line(`warning: ${what}`));
  const { journal } = source;
  try {
    let count = 0;
    let missing = 0;
    for await (const part of partsOf(source, journal.head() - 1, journal.tail())) {
      missing += part.missing;
      count += part.records.length;
      await writeLines(part, stdout);
      stderr.status(`${formatCount(count)} updates`);
    }
    const lost = missing === 0 ? "" : ` ${formatCount(missing)} more are damaged or lost, or were dropped meanwhile.`;
    return `exported ${formatCount(count)} ${count === 1 ? "update" : "updates"}.${lost}`;
  } finally {
    await journal.close();
  }
}
