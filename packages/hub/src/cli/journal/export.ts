import type { JournalRecord } from "../../core/journal/journal.ts";
import type { Config } from "../config/config.ts";
import { formatCount } from "../config/units.ts";
import type { Output } from "../terminal.ts";
import { lineOf, openSource, PAGE } from "./source.ts";

/**
 * Writes every update of the configured journal as a line of NDJSON. The updates appended after the
 * start are left out.
 *
 * @returns The message for the user.
 * @throws UsageError when the journal keeps nothing.
 * @throws Failure when the journal can't be read.
 */
export async function exportJournal(config: Config, stdout: Output, stderr: Output): Promise<string> {
  const { journal: source } = await openSource(config, (what) => void stderr.line(`warning: ${what}`));
  try {
    let count = 0;
    let missing = 0;
    const tail = source.tail();
    for (let after = source.head() - 1; after < tail;) {
      const page = await source.read(after, PAGE);
      if (page.kind === "trimmed") {
        missing += Math.min(page.head, tail + 1) - 1 - after;
        after = page.head - 1;
        continue;
      }
      const records = page.records.filter(({ offset }) => offset <= tail);
      if (records.length === 0) break;
      await stdout.line(records.map(lineOf).join("\n"));
      count += records.length;
      after = (records.at(-1) as JournalRecord).offset;
      stderr.status(`${formatCount(count)} updates`);
    }
    const lost = missing === 0 ? "" : ` ${formatCount(missing)} more are damaged or lost, or were dropped meanwhile.`;
    return `exported ${formatCount(count)} ${count === 1 ? "update" : "updates"}.${lost}`;
  } finally {
    await source.close();
  }
}
