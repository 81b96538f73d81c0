import { randomBytes, randomUUID } from "node:crypto";
import type { ChatKey } from "./chat/server/index.ts";
import type { Config } from "artesian/command";
import { ownSecretOf } from "artesian/command";

/** A key file of the chat's own. */
const FILE = "chat-keys.json";

/**
 * Returns the key of the chat's tokens. The key is in the data directory, so open pages keep their
 * tokens during a restart. With a journal in memory, which a restart empties anyway, the key
 * belongs to this process alone.
 *
 * @throws UsageError when the file can't be used.
 * @throws Failure when the file can't be written.
 */
export function chatKeyOf(config: Config): { readonly key: ChatKey; readonly warnings: readonly string[] } {
  if (config.journal.kind === "memory") return { key: { issuer: `urn:uuid:${randomUUID()}`, secret: randomBytes(32) }, warnings: [] };
  const { issuer, secret, warnings } = ownSecretOf(config.data, FILE);
  return { key: { issuer, secret }, warnings };
}
