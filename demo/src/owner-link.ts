import { randomUUID } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** File of the owner's link in the data directory. */
const FILE = "chat-owner.url";

/** The link that makes its reader the owner of the chat. */
export function ownerLink(url: string, secret: string): string {
  return `${url}/chat/lobby#owner=${secret}`;
}

/**
 * Writes the owner's link to a file that only this user can read, for a demo without a terminal.
 * The file replaces the one of an earlier start, whose link is not accepted any more.
 *
 * @param data - The data directory, which exists.
 * @returns The line for the log, without the secret.
 */
export function writeOwnerLink(data: string, link: string): string {
  const file = join(data, FILE);
  const temporary = `${file}.${randomUUID()}`;
  try {
    // A new file, since an existing one may have another mode.
    writeFileSync(temporary, `${link}\n`, { flag: "wx", mode: 0o600 });
    renameSync(temporary, file);
    return `the link that moderates the chat is in ${file}`;
  } catch (error) {
    rmSync(temporary, { force: true });
    return `the link that moderates the chat could not be written to ${file}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
