import { randomBytes } from "node:crypto";
import { MIN_SECRET_BYTES } from "../../http/opaque-ids.ts";
import type { Config } from "../config/config.ts";
import { placeOf } from "../config/flags.ts";
import { unreadable } from "../config/load.ts";
import { UsageError } from "../errors.ts";
import { readRegularFile } from "../regular-file.ts";
import { readKeyFile } from "./file.ts";
import { ownSecretOf } from "./own-secret.ts";

/** The file is beside the journal in the data directory, so a backup of one includes the other. */
const FILE = "ids-keys.json";

/** The secret that makes event ids opaque. */
export interface IdsSecret {
  /** Undefined if event ids are not opaque. */
  readonly secret: Uint8Array | undefined;
  readonly warnings: readonly string[];
}

/**
 * Finds the secret that makes the hub's event ids opaque, the same in all processes of the journal.
 *
 * @throws UsageError when the processes share no secret, or the secret can't be used.
 * @throws Failure when the secret can't be written.
 */
export function idsSecretOf(config: Config): IdsSecret {
  const { opaqueIds, journal, data } = config;
  if (opaqueIds.kind === "off") return { secret: undefined, warnings: [] };
  if (opaqueIds.kind === "file") return { secret: read(opaqueIds.path), warnings: [] };
  // A restart empties the journal, and with it every update that an id could lead to.
  if (journal.kind === "memory") return { secret: randomBytes(MIN_SECRET_BYTES), warnings: [] };
  checkShared(config);
  return ownSecretOf(data, FILE);
}

/**
 * Checks the secret of the event ids as {@link idsSecretOf} does, and writes nothing.
 *
 * @throws UsageError when the processes share no secret, or the secret can't be used.
 */
export function checkIdsSecret(config: Config): void {
  const { opaqueIds, journal, data } = config;
  if (opaqueIds.kind === "file") read(opaqueIds.path);
  if (opaqueIds.kind !== "on" || journal.kind === "memory") return;
  checkShared(config);
  readKeyFile(data, FILE);
}

/** @throws UsageError when hubs on several machines would have different secrets. */
function checkShared({ journal }: Config): void {
  if ("url" in journal) {
    throw new UsageError(
      `${placeOf("opaqueIds")}: hubs on several machines need the same secret. Make one, give it to all, and name its file:\n` +
        "  openssl rand -base64 32 > ids.secret && artesian serve --opaque-ids file:ids.secret",
    );
  }
}

function read(path: string): Uint8Array {
  let secret: string;
  try {
    secret = readRegularFile(path).bytes.toString("utf8").trim();
  } catch (error) {
    throw new UsageError(`${placeOf("opaqueIds")}: ${path}: ${unreadable(error)}`, { cause: error });
  }
  const bytes = new TextEncoder().encode(secret);
  if (bytes.length >= MIN_SECRET_BYTES) return bytes;
  throw new UsageError(
    `${placeOf("opaqueIds")}: ${path} has ${bytes.length} bytes; at least ${MIN_SECRET_BYTES} are needed. Make one with  openssl rand -base64 32`,
  );
}
