import type { Connection } from "./connection.ts";
import { formatAddress } from "./url.ts";

/**
 * Checks whether Redis keeps anything on a disk.
 *
 * @returns The warning. Undefined if Redis does, or does not tell, as managed services forbid
 *   `CONFIG`.
 */
export async function withoutPersistence(connection: Connection): Promise<string | undefined> {
  try {
    if ((await setting(connection, "appendonly")) !== "no" || (await setting(connection, "save")) !== "") return undefined;
  } catch {
    return undefined;
  }
  return (
    `Redis at ${formatAddress(connection.address)} keeps nothing on a disk (appendonly no, save ""): when it restarts, all updates are gone, ` +
    "and subscribers are told of a gap. Set appendonly to yes to keep them."
  );
}

async function setting(connection: Connection, name: string): Promise<unknown> {
  const answer = await connection.send(["CONFIG", "GET", name]);
  return Array.isArray(answer) ? (answer as readonly unknown[])[1] : undefined;
}
