import { readFileSync } from "node:fs";
import { Option, type Command } from "commander";
import { collect } from "../config/flags.ts";
import { NONE, type Schema } from "../config/values.ts";
import { duration, orNone, size } from "../config/values.ts";
import { UsageError } from "../errors.ts";
import { tokenOption } from "../token.ts";
import { urlOption } from "../url.ts";

/** Flags of every source. */
export interface CommonFlags {
  readonly url?: string;
  readonly token?: string;
  readonly type?: string;
  readonly private?: boolean;
  readonly state?: string;
  readonly giveUpAfter?: string;
  readonly once?: boolean;
  readonly dryRun?: boolean;
}

/** Flags of sources that request an address. */
export interface HttpFlags {
  readonly interval?: string;
  readonly header?: readonly string[];
  readonly timeout?: string;
  readonly maxBytes?: string;
  readonly maxFresh?: string;
}

/** Adds the flags of sources that request an address. */
export function withHttp(command: Command, interval: string): Command {
  return command
    .option("--interval <duration>", `interval between rounds (default: ${interval})`)
    .addOption(
      new Option("--header <header>", 'request header, such as "X-Key: abc", or @FILE with one header a line (repeatable)').argParser(
        collect,
      ),
    )
    .option("--timeout <duration>", "longest time to receive a whole answer (default: 30s)")
    .option("--max-bytes <size>", "largest answer, unpacked (default: 8MiB)")
    .option("--max-fresh <duration>", "longest delay of the next round by an answer's Cache-Control (default: 1h)");
}

/** Adds the flags of every source. */
export function withCommon(command: Command): Command {
  return command
    .option("--type <type>", "event type of the updates")
    .option("--private", "only for subscribers with a grant on the topic")
    .addOption(urlOption())
    .addOption(tokenOption())
    .option("--state <file>", "file for the published state, or none (default: a file in ./data/sources)")
    .option("--give-up-after <duration>", "how long to retry if the hub is unreachable or busy (default: none, with --once 30s)")
    .option("--once", "make one round and end")
    .option("--dry-run", "print the updates as NDJSON, without publishing or remembering");
}

/** The HTTP flags as options of a source. */
export interface HttpChoice {
  readonly intervalMs: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number | undefined;
  readonly maxBytes: number | undefined;
  readonly maxFreshMs: number | undefined;
}

/** @throws UsageError that names the flag. */
export function httpChoice(flags: HttpFlags): HttpChoice {
  return {
    intervalMs: valueOf("--interval", flags.interval, duration(1000, 604_800_000)),
    headers: headersOf(flags.header ?? []),
    timeoutMs: valueOf("--timeout", flags.timeout, duration(1, 3_600_000)),
    maxBytes: valueOf("--max-bytes", flags.maxBytes, size(1, 2 ** 29)),
    maxFreshMs: valueOf("--max-fresh", flags.maxFresh, duration(0, 86_400_000)),
  };
}

/** How long to try to publish, in milliseconds. */
export function giveUpAfterMs(flags: CommonFlags): number {
  const value = valueOf("--give-up-after", flags.giveUpAfter, orNone(duration(0, 86_400_000)));
  if (value === NONE) return Infinity;
  return value ?? (flags.once === true ? 30_000 : Infinity);
}

/** @throws UsageError that names the flag. */
export function valueOf<T>(flag: string, text: string | undefined, schema: Schema<T>): T | undefined {
  if (text === undefined) return undefined;
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  throw new UsageError(`${flag}: ${result.error.issues[0]?.message ?? "is not valid"}`);
}

function headersOf(given: readonly string[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const line of given.flatMap((text) => (text.startsWith("@") ? linesOf(text.slice(1)) : [text]))) {
    const [, name = "", value = ""] = /^([\w!#$%&'*+.^`|~-]+):[\t ]*(.*?)[\t ]*$/.exec(line) ?? [];
    // The line is not repeated, because it may hold a key.
    if (name === "" || !/^[\t\x20-\x7E]*$/.test(value)) throw new UsageError('--header: a header is written "Name: value".');
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8")
      .split(/\r?\n/)
      .filter((line) => line.trim() !== "");
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    throw new UsageError(`--header: ${file} cannot be read (${String(code)}).`, { cause: error });
  }
}
