import { resolve } from "node:path";
import { z } from "zod";
import { TIMES_A_BODY } from "../../core/limits.ts";
import { UsageError } from "../errors.ts";
import { closest } from "../../core/names.ts";
import { whyNotJson } from "../json.ts";
import { NotRegularFileError, readRegularFile } from "../regular-file.ts";
import { issuersSchema, type IssuerChoice } from "./key-choice.ts";
import type { Config, Key } from "./config.ts";
import { flagOf, KEYS, SETTINGS, variableOf } from "./settings.ts";

/** The configuration file that is read by default. */
export const DEFAULT_FILE = "artesian.json";

/** Sources of settings. */
export interface Sources {
  /** Values of flags by key. Flags that were not given are absent. */
  readonly flags: Readonly<Partial<Record<Key, unknown>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file named by `--config`. */
  readonly file?: string | undefined;
  /** Base directory of relative file names. */
  readonly cwd: string;
  /** Whether the default file must exist. Default: it need not. */
  readonly mustExist?: boolean;
}

/** Settings that must hold a multiple of the largest body. Their defaults follow it. */
const OF_BODIES = [
  ["maxHeldBytes", TIMES_A_BODY.heldBytes, "twice"],
  ["maxPendingBodyBytes", TIMES_A_BODY.pendingBodyBytes, "four times"],
] as const;

/** Pairs of settings that are the two ends of a range. */
const RANGES = [
  ["retryMin", "retryMax"],
  ["publishedRetryMin", "publishedRetryMax"],
] as const;

/** Where the value of a setting comes from. */
export interface Origin {
  readonly source: "flag" | "variable" | "file" | "default";
  /** The flag, the variable, or the file and its key. Undefined for a default. */
  readonly place: string | undefined;
}

interface Given extends Origin {
  readonly value: unknown;
  readonly place: string;
}

/** A configuration with the origin of each value, or all that is wrong with it. */
export interface Resolved {
  /** Undefined if there are problems. */
  readonly config: Config | undefined;
  readonly origins: Readonly<Partial<Record<Key | "issuers", Origin>>>;
  /** Each begins with the place of the mistake, and ends with the correction. */
  readonly problems: readonly string[];
}

/**
 * Loads the configuration. A flag wins over a variable, a variable over the file, the file over the
 * default.
 *
 * @throws UsageError that lists every mistake, each with its key, its place and the allowed values.
 */
export function loadConfig(sources: Sources): Config {
  const { config, problems } = resolveConfig(sources);
  if (config === undefined) throw new UsageError(problems.join("\n"));
  return config;
}

/** Loads the configuration as {@link loadConfig} does, and returns its problems. */
export function resolveConfig(sources: Sources): Resolved {
  const problems: string[] = [];
  const file = readFile(sources, problems);
  const values: Partial<Record<Key, unknown>> = {};
  const places: Partial<Record<Key, string>> = {};
  const origins: Partial<Record<Key | "issuers", Origin>> = {};
  for (const key of KEYS) {
    const given = find(key, sources, file);
    origins[key] = { source: given?.source ?? "default", place: given?.place };
    if (given === undefined) {
      values[key] = SETTINGS[key].fallback;
      continue;
    }
    const result = SETTINGS[key].schema.safeParse(given.value);
    if (result.success) values[key] = result.data;
    else problems.push(`${given.place}: ${result.error.issues[0]?.message ?? "is not allowed"}`);
    places[key] = given.place;
  }
  for (const [shortest, longest] of RANGES) {
    const [min, max] = [values[shortest], values[longest]];
    if (typeof min !== "number" || typeof max !== "number" || min <= max) continue;
    const place = places[longest] ?? places[shortest] ?? flagOf(longest);
    problems.push(`${place}: the longest delay (${flagOf(longest)}) is shorter than the shortest (${flagOf(shortest)}).`);
  }
  const { maxBodyBytes } = values;
  for (const [key, times, word] of OF_BODIES) {
    const bytes = values[key];
    if (typeof bytes !== "number" || typeof maxBodyBytes !== "number" || bytes >= times * maxBodyBytes) continue;
    const place = places[key];
    if (place === undefined) values[key] = times * maxBodyBytes;
    else problems.push(`${place}: ${flagOf(key)} must be at least ${word} ${flagOf("maxBodyBytes")}, ${times * maxBodyBytes} bytes.`);
  }
  const issuers = issuersOf(file, problems);
  origins.issuers =
    file?.entries.issuers === undefined ? { source: "default", place: undefined } : { source: "file", place: `${file.name}: issuers` };
  if (problems.length > 0) return { config: undefined, origins, problems };
  // Each key was filled from its own schema or fallback just above.
  return { config: { ...values, issuers } as unknown as Config, origins, problems };
}

function issuersOf(file: ConfigFile | undefined, problems: string[]): readonly IssuerChoice[] {
  if (file?.entries.issuers === undefined) return [];
  const result = issuersSchema.safeParse(file.entries.issuers);
  if (result.success) return result.data;
  for (const { path, message } of result.error.issues) {
    const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
    problems.push(`${file.name}: issuers${place}: ${message}`);
  }
  return [];
}

function find(key: Key, sources: Sources, file: ConfigFile | undefined): Given | undefined {
  const flag = sources.flags[key];
  if (flag !== undefined) return { value: flag, source: "flag", place: flagOf(key) };
  const variable = sources.env[variableOf(key)];
  if (variable !== undefined && variable !== "") return { value: variable, source: "variable", place: variableOf(key) };
  const entry = file?.entries[key];
  if (file !== undefined && entry !== undefined) return { value: entry, source: "file", place: `${file.name}: ${key}` };
  return undefined;
}

interface ConfigFile {
  readonly name: string;
  readonly entries: Readonly<Partial<Record<Key | "issuers", unknown>>>;
}

function readFile(sources: Sources, problems: string[]): ConfigFile | undefined {
  const variable = sources.env.ARTESIAN_CONFIG;
  const named = sources.file ?? (variable === "" ? undefined : variable);
  const name = named ?? DEFAULT_FILE;
  const path = resolve(sources.cwd, name);
  const place = sources.file !== undefined ? `--config ${name}` : named !== undefined ? `ARTESIAN_CONFIG ${name}` : name;
  let text = "";
  let content: unknown;
  try {
    text = readRegularFile(path)
      .bytes.toString("utf8")
      .replace(/^\uFEFF/, "");
    content = JSON.parse(text);
  } catch (error) {
    if (named === undefined && sources.mustExist !== true && isMissing(error)) return undefined;
    const why = error instanceof SyntaxError ? `not JSON: ${whyNotJson(error, text)}` : unreadable(error);
    // A file that is being replaced may be missing for a moment.
    const cure =
      named === undefined && isMissing(error) ? " It was there before. Put it back, or write {} to go on without its settings." : "";
    problems.push(`${place}: ${why}${cure}`);
    return undefined;
  }
  const result = fileSchema.safeParse(content);
  if (result.success) return { name, entries: result.data };
  for (const issue of result.error.issues) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) problems.push(`${name}: there is no setting "${key}"${suggest(key)}`);
    } else {
      problems.push(`${name}: the file must hold one JSON object of settings, such as {"port": 3000}.`);
    }
  }
  return undefined;
}

/**
 * Any value for each key. The settings check their own values, so that errors read the same from
 * every source.
 */
const fileSchema = z
  .strictObject(
    // Editors find the JSON Schema by `$schema`.
    Object.fromEntries([...KEYS, "issuers", "$schema"].map((key) => [key, z.unknown()])) as Record<
      Key | "issuers" | "$schema",
      z.ZodUnknown
    >,
  )
  .partial();

/** Explains in words why a file could not be read. */
export function unreadable(error: unknown): string {
  if (error instanceof NotRegularFileError) return "this is no regular file. Name a file, not a directory, a pipe or a device.";
  const code = codeOf(error);
  if (code === "ENOENT") return "there is no such file.";
  if (code === "EACCES" || code === "EPERM") return "permission denied. Let this user read the file, and enter each directory above it.";
  return `the file cannot be read${typeof code === "string" ? ` (${code})` : ""}.`;
}

/**
 * Whether a file does not exist. False for a file that can't be looked for, whose settings or keys
 * would be left out silently.
 */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, "code") : undefined;
}

/** Suggests the key for a flag or variable name, which people often write into a file. */
function suggest(name: string): string {
  const meant = closest(name.replaceAll(/^artesian|[-_ ]/gi, ""), [...KEYS, "issuers"]);
  return meant === undefined ? `. The settings are ${KEYS.join(", ")}, issuers.` : `; write "${meant}".`;
}
