import type { Journal } from "../../../core/journal/journal.ts";
import { findLog } from "./current-place.ts";
import { LogReader } from "../files/reader.ts";

/**
 * Opens a log to read what it has now, without becoming one of its processes.
 *
 * @param onDamage - Called with a description if read data differ from the written data.
 * @throws Error if there is no log, or its newest segment cannot be read.
 */
export async function readLog(
  directory: string,
  onDamage: (what: string) => void,
): Promise<Pick<Journal, "read" | "head" | "tail" | "close">> {
  const { secrets, place } = await findLog(directory);
  const reader = await LogReader.open(directory, secrets.salt, place, { onDamage });
  return {
    read: (after, limits) => reader.page(after, limits),
    head: () => place.head,
    tail: () => place.tail,
    close: async () => reader.close(),
  };
}
