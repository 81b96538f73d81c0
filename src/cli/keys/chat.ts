import { randomBytes, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import type { ChatKey } from "../../../apps/chat/server/index.ts";
import type { Config } from "../config/config.ts";
import { UsageError } from "../errors.ts";
import { createKeyFile, keyFileOf, readKeyFile } from "./file.ts";

/** Beside `keys.json`, which is for tokens that people make: this one is the chat's alone. */
const FILE = "chat-keys.json";

/**
 * The key of the chat's tokens: in the data directory, so that the pages that are open during a restart keep their tokens; with a journal
 * in memory, which a restart empties anyway, of this process alone.
 *
 * @throws UsageError when the file can't be used; Failure when it can't be written.
 */
export function chatKeyOf(config: Config): { readonly key: ChatKey; readonly warnings: readonly string[] } {
  if (config.journal.kind === "memory") return { key: { issuer: `urn:uuid:${randomUUID()}`, secret: randomBytes(32) }, warnings: [] };
  let file = readKeyFile(config.data, FILE);
  if (file === undefined) {
    try {
      createKeyFile(config.data, { algorithm: "HS256", issuer: undefined, force: false, file: FILE });
    } catch (error) {
      // Another process may have made it at the same moment: its key is the one for all.
      if (!existsSync(keyFileOf(config.data, FILE))) throw error;
    }
    file = readKeyFile(config.data, FILE);
  }
  const secret = file?.issuer.keys.find(({ algorithms }) => algorithms.includes("HS256"))?.material.sign;
  if (file === undefined || secret?.type !== "secret") {
    throw new UsageError(`${keyFileOf(config.data, FILE)} has no key for HS256. Delete it, and a new one is made.`);
  }
  return { key: { issuer: file.issuer.issuer, secret: new Uint8Array(secret.export()) }, warnings: file.warnings };
}
