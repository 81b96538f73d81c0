import { randomBytes, randomUUID } from "node:crypto";
import type { ChatKey } from "./chat/server/index.ts";
import type { Config } from "artesian/command";
import { ownSecretOf } from "artesian/command";

/** This one is the chat's alone. */
const FILE = "chat-keys.json";

/**
 * The key of the chat's tokens: in the data directory, so that the pages that are open during a restart keep their tokens; with a journal
 * in memory, which a restart empties anyway, of this process alone.
 *
 * @throws UsageError when the file can't be used; Failure when it can't be written.
 */
export function chatKeyOf(config: Config): { readonly key: ChatKey; readonly warnings: readonly string[] } {
  if (config.journal.kind === "memory") return { key: { issuer: `urn:uuid:${randomUUID()}`, secret: randomBytes(32) }, warnings: [] };
  const { issuer, secret, warnings } = ownSecretOf(config.data, FILE);
  return { key: { issuer, secret }, warnings };
}
