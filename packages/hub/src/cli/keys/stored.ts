import { z } from "zod";
import { withData } from "../config/flags.ts";
import { isMissing, unreadable } from "../config/load.ts";
import { Failure, UsageError } from "../errors.ts";
import { readRegularFile } from "../regular-file.ts";
import { CREATED_ALGORITHMS, type CreatedAlgorithm, createJwk } from "./create-jwk.ts";
import { keyFileOf, readKeyFile, textOf } from "./file.ts";
import { replaceFile } from "./replace-file.ts";

/** One key of the file, with all members. */
const storedKey = z.looseObject({ alg: z.string(), kid: z.string().optional(), iat: z.number().optional() });
const storedFile = z.looseObject({ issuer: z.string(), keys: z.array(storedKey) });

type StoredKey = z.infer<typeof storedKey>;
type StoredFile = z.infer<typeof storedFile>;

/** A key of the data directory, without the secret. */
export interface KeyInfo {
  /** The `kid`. For a key without one, `#` and the place in the file, from 1. */
  readonly name: string;
  readonly algorithm: string;
  /** When the key was made, in milliseconds since 1970. Undefined if the file does not say. */
  readonly madeAtMs: number | undefined;
  /** Whether `artesian token mint` signs with this key. All keys of the file are accepted. */
  readonly signs: boolean;
}

/** The keys of a data directory. */
export interface KeyList {
  readonly file: string;
  readonly issuer: string;
  readonly keys: readonly KeyInfo[];
}

/**
 * Lists the keys of a data directory, in the order of the file.
 *
 * @throws UsageError if there is no file, or the file can't be used.
 */
export function listKeys(data: string): KeyList {
  return describe(data, read(data));
}

/**
 * Adds a key, which hubs accept. Tokens are still signed with the present key.
 *
 * @param algorithm - Undefined: the algorithm of the present key.
 * @returns The new key's name.
 */
export function addKey(data: string, algorithm: CreatedAlgorithm | undefined): string {
  return change(data, (file) => {
    const jwk = create(file, algorithm);
    return [{ ...file, keys: [...file.keys, jwk] }, jwk.kid ?? ""];
  });
}

/**
 * Makes another key the one that signs new tokens. The present key stays accepted.
 *
 * @param name - A key of the file. Undefined: a new key.
 * @param algorithm - Of a new key. Undefined: the algorithm of the present key.
 * @returns The name of the key that signs from now on.
 * @throws UsageError if there is no such key, or it can only check tokens.
 */
export function rotateKey(data: string, name: string | undefined, algorithm: CreatedAlgorithm | undefined): string {
  return change(data, (file) => {
    const index = name === undefined ? -1 : find(data, file, name);
    const next = file.keys[index] ?? create(file, algorithm);
    if (!isPrivate(next)) throw new UsageError(`${name ?? ""} is a public key: it checks tokens, and can't sign them.`);
    return [{ ...file, keys: [next, ...file.keys.filter((_, i) => i !== index)] }, next.kid ?? "#1"];
  });
}

/**
 * Removes a key. Hubs refuse its tokens once they have read the file again.
 *
 * @throws UsageError if there is no such key.
 * @throws Failure if new tokens are signed with the key.
 */
export function removeKey(data: string, name: string): void {
  change(data, (file) => {
    const index = find(data, file, name);
    if (index === signerOf(file)) {
      const remedy =
        file.keys.length > 1
          ? `Sign with another first: ${withData("artesian keys rotate KID", data)}`
          : `Make another first: ${withData("artesian keys rotate", data)}`;
      throw new Failure(`${name} signs new tokens. ${remedy}`);
    }
    return [{ ...file, keys: file.keys.filter((_, i) => i !== index) }, name];
  });
}

function describe(data: string, file: StoredFile): KeyList {
  const signer = signerOf(file);
  const keys = file.keys.map((key, i) => ({
    name: nameOf(key, i),
    algorithm: key.alg,
    madeAtMs: key.iat === undefined ? undefined : key.iat * 1000,
    signs: i === signer,
  }));
  return { file: keyFileOf(data), issuer: file.issuer, keys };
}

function nameOf({ kid }: StoredKey, index: number): string {
  return kid ?? `#${index + 1}`;
}

function find(data: string, { keys }: StoredFile, name: string): number {
  const index = keys.findIndex((key, i) => nameOf(key, i) === name);
  if (index >= 0) return index;
  throw new UsageError(`There is no key ${JSON.stringify(name)} in ${keyFileOf(data)}. See ${withData("artesian keys list", data)}`);
}

function signerOf({ keys }: StoredFile): number {
  return keys.findIndex(isPrivate);
}

/** Whether a JWK can sign. `k` is a shared secret, `d` the private part of a key pair. */
function isPrivate(key: StoredKey): boolean {
  return typeof key["k"] === "string" || typeof key["d"] === "string";
}

function create(file: StoredFile, algorithm: CreatedAlgorithm | undefined): StoredKey {
  const present = file.keys[signerOf(file)]?.alg;
  return storedKey.parse(createJwk(algorithm ?? CREATED_ALGORITHMS.find((one) => one === present) ?? "HS256"));
}

function read(data: string): StoredFile {
  // The hub's own checks come first, with their errors.
  if (readKeyFile(data) === undefined) {
    throw new UsageError(`There is no ${keyFileOf(data)}. Make it: ${withData("artesian keys create", data)}`);
  }
  const file = keyFileOf(data);
  try {
    return storedFile.parse(JSON.parse(readRegularFile(file).bytes.toString("utf8")));
  } catch (error) {
    if (error instanceof z.ZodError) throw new UsageError(`${file}: each key needs its "alg", and a text as "kid".`, { cause: error });
    throw new UsageError(`${file}: ${unreadable(error)}`, { cause: error });
  }
}

/** Changes the keys. No other command changes them in between. */
function change<T>(data: string, edit: (file: StoredFile) => readonly [StoredFile, T]): T {
  const file = keyFileOf(data);
  try {
    return replaceFile(file, () => {
      const [content, result] = edit(read(data));
      return [textOf(content), result];
    });
  } catch (error) {
    if (error instanceof UsageError || error instanceof Failure) throw error;
    if (isMissing(error)) throw new UsageError(`There is no ${file}. Make it: ${withData("artesian keys create", data)}`, { cause: error });
    throw new Failure(`${file} cannot be changed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
