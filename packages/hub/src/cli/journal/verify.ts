import { placeOf } from "../config/flags.ts";
import type { Config } from "../config/config.ts";
import { formatCount, roundedSize, updatesOf } from "../config/units.ts";
import { Failure, UsageError } from "../errors.ts";
import { verify } from "../../journals/log/tools/verify.ts";
import { journalPlace } from "../serve/data.ts";
import { type Output, style } from "../terminal.ts";

/**
 * Checks the configured journal, and writes one line for each damage.
 *
 * @returns Whether the journal is sound.
 * @throws UsageError when the journal is no log.
 * @throws Failure when there is no journal, or nothing of it can be read.
 */
export async function verifyJournal({ data, journal }: Config, stdout: Output, stderr: Output): Promise<boolean> {
  if (journal.kind !== "log")
    throw new UsageError(`${placeOf("journal")}: only a journal in a directory can be verified. Leave --journal out, or write log:DIR.`);
  const { directory, markFile } = journalPlace(data, journal.directory);
  const result = await verify(directory, markFile, (done, all) => stderr.status(`${done} of ${all} segments`)).catch((error: unknown) => {
    throw new Failure(error instanceof Error ? error.message : String(error), { cause: error });
  });
  const { epoch, head, tail, segments, bytes, isOpen, damage, notes, gone, putBack } = result;
  const use = isOpen ? "; a hub is running" : "";
  await stdout.line(
    `The journal in ${directory}, epoch ${epoch ?? "unknown"}: ${updatesOf(head, tail)} in ${formatCount(segments)} ${segments === 1 ? "segment" : "segments"} of ${roundedSize(bytes)}${use}.`,
  );
  for (const { file, what, meaning } of damage) await stdout.line([style("red", "damage:"), ` ${file} ${what}. ${meaning}`]);
  for (const { file, what, meaning } of notes) await stdout.line(`note: ${file} ${what}. ${meaning}`);
  for (const { from, to } of gone) {
    await stdout.line(`Not there since data were put back: ${updatesOf(from, to)}. Subscribers are told of a gap.`);
  }
  if (putBack !== undefined) {
    await stdout.line(`The data were put back: ${putBack}. The next start begins a new epoch, and subscribers are told of a gap.`);
  }
  await stdout.line(damage.length === 0 ? style("green", "No damage.") : `${damage.length} ${damage.length === 1 ? "damage" : "damages"}.`);
  return damage.length === 0;
}
