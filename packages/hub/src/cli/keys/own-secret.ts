import { existsSync } from "node:fs";
import { UsageError } from "../errors.ts";
import { createKeyFile, keyFileOf, readKeyFile } from "./file.ts";

/** A secret of the hub's own. */
export interface OwnSecret {
  readonly issuer: string;
  readonly secret: Uint8Array;
  readonly warnings: readonly string[];
}

/**
 * Reads a secret of the hub's own from the data directory, and makes the secret if there is none.
 *
 * @param name - Name of the file. `keys.json` is another file, for handmade tokens.
 * @throws UsageError when the file can't be used.
 * @throws Failure when the file can't be written.
 */
export function ownSecretOf(data: string, name: string): OwnSecret {
  let file = readKeyFile(data, name);
  if (file === undefined) {
    try {
      createKeyFile(data, { algorithm: "HS256", issuer: undefined, force: false, file: name });
    } catch (error) {
      // Another process may have made the file at the same moment. Its key is used by all.
      if (!existsSync(keyFileOf(data, name))) throw error;
    }
    file = readKeyFile(data, name);
  }
  const secret = file?.issuer.keys.find(({ algorithms }) => algorithms.includes("HS256"))?.material.sign;
  if (file === undefined || secret?.type !== "secret") {
    throw new UsageError(`${keyFileOf(data, name)} has no key for HS256. Delete it, and a new one is made.`);
  }
  return { issuer: file.issuer.issuer, secret: new Uint8Array(secret.export()), warnings: file.warnings };
}
