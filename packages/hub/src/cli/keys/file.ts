import { randomUUID } from "node:crypto";
import { existsSync, linkSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { makeDirectory } from "../../make-directory.ts";
import { ALGORITHMS } from "../config/key-choice.ts";
import { withData } from "../config/flags.ts";
import { isMissing, unreadable } from "../config/load.ts";
import { Failure, UsageError } from "../errors.ts";
import { readRegularFile } from "../regular-file.ts";
import { createJwk, type CreatedAlgorithm } from "./create-jwk.ts";
import { ofJwks } from "./material.ts";
import type { TrustedIssuer } from "./trusted-issuer.ts";

/** Name of the file with the key for handmade tokens. */
const KEYS = "keys.json";

/** The path of a key file in a data directory. The file is a JWK set that also names the issuer. */
export function keyFileOf(data: string, name: string = KEYS): string {
  return resolve(join(data, name));
}

/**
 * Makes a key and writes the key to a file that only this user may read.
 *
 * @param force - Replaces an existing file.
 * @param file - The name of the file.
 * @returns The issuer.
 * @throws Failure when a key exists already, or the file can't be written.
 */
export function createKeyFile(
  data: string,
  {
    algorithm,
    issuer,
    force,
    file: fileName = KEYS,
  }: {
    readonly algorithm: CreatedAlgorithm;
    readonly issuer: string | undefined;
    readonly force: boolean;
    readonly file?: string;
  },
): string {
  const file = keyFileOf(data, fileName);
  const name = issuer ?? `urn:uuid:${randomUUID()}`;
  const text = textOf({ issuer: name, keys: [createJwk(algorithm)] });
  try {
    makeDirectory(data);
    // The key is written under another name first. A reader finds one key or the other and never
    // half of one, and an existing file's mode does not survive.
    const target = targetOf(file);
    const temporary = `${target}.${randomUUID()}`;
    try {
      writeFileSync(temporary, text, { flag: "wx", mode: 0o600, flush: true });
      if (force) renameSync(temporary, target);
      // Unlike `rename`, `link` fails if the file exists.
      else linkSync(temporary, target);
    } finally {
      rmSync(temporary, { force: true });
    }
    return name;
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, "code") === "EEXIST" && existsSync(file)) {
      throw new Failure(`${file} is there already. --force makes a new key, and no token of the old one is accepted any more.`, {
        cause: error,
      });
    }
    throw new Failure(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/**
 * The target of a path's symbolic links. A new file must be renamed to the target, because `rename`
 * to the path would replace the link.
 */
export function targetOf(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (isMissing(error)) return file;
    throw error;
  }
}

/** The text of a key file. */
export function textOf(content: { readonly issuer: string; readonly keys: readonly object[] }): string {
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

const head = z.object({ issuer: z.string().min(1), keys: z.array(z.object({ alg: z.enum(ALGORITHMS) })) });

/**
 * Reads the key file of a data directory.
 *
 * @returns The key, or undefined if there is no file.
 * @throws UsageError when the file can't be used.
 */
export function readKeyFile(
  data: string,
  name: string = KEYS,
): { readonly issuer: TrustedIssuer; readonly warnings: readonly string[] } | undefined {
  const file = keyFileOf(data, name);
  let text: string;
  let mode: number;
  try {
    const { bytes, mode: permissions } = readRegularFile(file);
    text = bytes.toString("utf8");
    mode = permissions;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new UsageError(`${file}: ${unreadable(error)}`, { cause: error });
  }
  const materials = ofJwks(text, file);
  const content = head.safeParse(JSON.parse(text));
  if (!content.success) {
    const remedy =
      name === KEYS ? `Make a new one: ${withData("artesian keys create --force", data)}` : "Delete it, and a new one is made.";
    throw new UsageError(`${file} lacks its issuer, or a key's "alg". ${remedy}`);
  }
  const keys = materials.map((material) => ({
    actions: ["publish", "subscribe"] as const,
    algorithms: content.data.keys.flatMap(({ alg }) => (alg === material.algorithm ? [alg] : [])).slice(0, 1),
    material,
    place: file,
  }));
  const open = (mode & 0o077) !== 0;
  return {
    issuer: { issuer: content.data.issuer, keys },
    warnings: open ? [`other users of this machine may read the keys in ${file}. Forbid that with chmod 600`] : [],
  };
}
