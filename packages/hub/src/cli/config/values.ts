import { z } from "zod";
import { parseOrigin } from "../../http/auth/origin.ts";
import { ADDRESS_OR_NETWORK, isAddressOrNetwork } from "../../http/admission/trusted-proxies.ts";
import { isCookieName, isHubPath, isIdentifier } from "../../http/valid.ts";
import { settingsOf } from "../../journals/nats/settings.ts";
import { parseRedisUrl } from "../../journals/redis/url.ts";
import { withoutSecrets } from "./hidden.ts";
import { type JsonSchema, jsonSchemaOf, withJsonSchema } from "./json-schema.ts";
import { formatCount, formatDuration, formatSize, parseDuration, parseSize } from "./units.ts";

/** The word that switches a bound off. */
export const NONE = "none";

/** The word that lets the machine choose a number. */
export const AUTO = "auto";

/** Most workers. A larger number, far beyond any machine's processors, is a slip of the hand. */
const MAX_WORKERS = 256;

/** Parses a hand-written value. */
export type Schema<T> = z.ZodType<T>;

/** Flags and variables give text. The file may also give a number or a boolean for some settings. */
const KINDS = {
  text: z.string({ error: "must be a text." }),
  number: z.union([z.string(), z.number()], { error: "must be a number or a text." }).transform(String),
  boolean: z.union([z.string(), z.number(), z.boolean()], { error: "must be true or false." }).transform(String),
} as const;

/**
 * Makes a schema of a parser.
 *
 * @param parse - Returns undefined for a value that is not allowed.
 * @param allowed - Completes the sentence `… is not` with the allowed values.
 * @param inFile - The values of the file that are allowed. JSON Schema can't say all, so it may
 *   allow more than `parse`, and never less.
 * @param kind - The kind of the file's value. Text is always allowed.
 */
function parsed<T>(
  parse: (text: string) => T | undefined,
  allowed: string,
  inFile: JsonSchema = { type: "string" },
  kind: keyof typeof KINDS = "text",
): Schema<T> {
  const schema = KINDS[kind].transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: `${JSON.stringify(withoutSecrets(text))} is not ${allowed}` });
    return z.NEVER;
  });
  return withJsonSchema(schema, inFile);
}

function within(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

/** A duration in milliseconds, between two inclusive bounds. */
export function duration(min: number, max: number): Schema<number> {
  return parsed(
    (text) => within(parseDuration(text), min, max),
    `a duration from ${formatDuration(min)} to ${formatDuration(max)}. Write it like 500ms, 10s, 5m, 2h or 7d. A plain number is milliseconds.`,
    numberOrText(min, max, DURATION),
    "number",
  );
}

/** A size in bytes, between two inclusive bounds. */
export function size(min: number, max: number): Schema<number> {
  return parsed(
    (text) => within(parseSize(text), min, max),
    `a size from ${formatSize(min)} to ${formatSize(max)}. Write it like 64KiB, 1MiB or 10GB. A plain number is bytes.`,
    numberOrText(min, max, SIZE),
    "number",
  );
}

/** A whole number, between two inclusive bounds. */
export function count(min: number, max: number, what = "a whole number"): Schema<number> {
  return parsed(
    (text) => (/^\d[\d_,]*$/.test(text) ? within(Number(text.replaceAll(/[_,]/g, "")), min, max) : undefined),
    `${what} from ${formatCount(min)} to ${formatCount(max)}.`,
    numberOrText(min, max, COUNT),
    "number",
  );
}

const DURATION = String.raw`^\s*\d+(\.\d+)?\s*([mM]?[sS]|[mMhHdD])?\s*$`;
const SIZE = String.raw`^\s*\d+(\.\d+)?\s*(([kKmMgGtT][iI]?)?[bB])?\s*$`;
const COUNT = String.raw`^\d[\d_,]*$`;

/** A whole number between two bounds, or a text, whose bounds JSON Schema can't say. */
function numberOrText(minimum: number, maximum: number, pattern: string): JsonSchema {
  return {
    anyOf: [
      { type: "integer", minimum, maximum },
      { type: "string", pattern },
    ],
  };
}

/** The number of processes, or `auto`. */
export function workerCount(): Schema<number | typeof AUTO> {
  return parsed<number | typeof AUTO>(
    (text) => (text === AUTO ? AUTO : /^\d+$/.test(text) ? within(Number(text), 1, MAX_WORKERS) : undefined),
    `a number of processes from 1 to ${MAX_WORKERS}, or auto.`,
    {
      anyOf: [
        { type: "integer", minimum: 1, maximum: MAX_WORKERS },
        { type: "string", pattern: String.raw`^(auto|\d+)$` },
      ],
    },
    "number",
  );
}

/** A bound that `none` switches off. */
export function orNone(schema: Schema<number>): Schema<number | typeof NONE> {
  const orNone = z.unknown().transform((value, context): number | typeof NONE => {
    if (value === NONE) return NONE;
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    context.addIssue({ code: "custom", message: `${result.error.issues[0]?.message ?? ""} Write none for no bound.` });
    return z.NEVER;
  });
  return withJsonSchema(orNone, { anyOf: [{ const: NONE }, jsonSchemaOf(schema)] });
}

/** One text or a list of texts. */
export function texts(what: string): Schema<readonly string[]> {
  const one = text(what);
  const list = z.unknown().transform((value, context): readonly string[] => {
    const list: string[] = [];
    for (const part of Array.isArray(value) ? (value as unknown[]) : [value]) {
      const result = one.safeParse(part);
      if (result.success) list.push(result.data);
      else context.addIssue({ code: "custom", message: result.error.issues[0]?.message ?? "" });
    }
    return list;
  });
  return withJsonSchema(list, oneOrList(jsonSchemaOf(one)));
}

function oneOrList(items: JsonSchema): JsonSchema {
  return { anyOf: [items, { type: "array", items }] };
}

/** Yes or no. */
export function toggle(): Schema<boolean> {
  const values: Readonly<Record<string, boolean>> = { true: true, "1": true, false: false, "0": false };
  const inFile = { enum: [true, false, ...Object.keys(values), 1, 0] };
  return parsed((text) => (Object.hasOwn(values, text) ? values[text] : undefined), "true or false.", inFile, "boolean");
}

/** One of the given words. */
export function oneOf<const T extends string>(words: readonly T[]): Schema<T> {
  return parsed((text) => words.find((word) => word === text), `one of ${words.join(", ")}.`, { enum: [...words] });
}

const FILLED: JsonSchema = { type: "string", pattern: String.raw`\S` };

/** Text that is not empty. */
export function text(what: string): Schema<string> {
  return parsed((value) => (value.trim() === "" ? undefined : value), what, FILLED);
}

/** The beginning of a URL of any scheme. */
export const URL_START: RegExp = /^[a-z][a-z\d+.-]*:\/\//i;

/** The path of a directory. Any other spelling would create a directory of that name. */
export function directory(): Schema<string> {
  return parsed(
    (value) => (isDirectory(value) ? value : undefined),
    "a directory. Write its path alone, such as /var/lib/artesian.",
    FILLED,
  );
}

function isDirectory(value: string): boolean {
  return value.trim() !== "" && !URL_START.test(value) && !/^(?:file|log):/i.test(value);
}

/** A URL or another absolute identifier, which is compared literally. */
export function identifier(what: string): Schema<string> {
  return parsed((value) => (isIdentifier(value) ? value : undefined), what, { type: "string", pattern: String.raw`^[\x21-\x7E]+$` });
}

/** A valid cookie name. */
export function cookieName(): Schema<string> {
  return parsed((value) => (isCookieName(value) ? value : undefined), "a name for a cookie. Use letters, digits, - and _.", {
    type: "string",
    pattern: "^[\\w!#$%&'*+.^`|~-]+$",
  });
}

/**
 * Origins, as a list or as a text with commas.
 *
 * @param options - `any`: whether `*` alone is allowed.
 */
export function origins({ any }: { readonly any: boolean }): Schema<readonly string[]> {
  const one = parsed(
    (value) => (any && value === "*" ? value : parseOrigin(value)),
    `an origin. Write scheme and host, and the port where it is not the usual one, like https://example.com or capacitor://localhost${any ? "; or * for any" : ""}.`,
  );
  const list = listed(one).superRefine((list, context) => {
    if (list.includes("*") && list.length > 1) {
      context.addIssue({ code: "custom", message: "* is any origin already, without cookies: leave the others out, or leave * out." });
    }
  });
  return withJsonSchema(list, oneOrList(FILLED));
}

/** Addresses and networks, as a list or as a text with commas. */
export function networks(): Schema<readonly string[]> {
  return withJsonSchema(listed(parsed((value) => (isAddressOrNetwork(value) ? value : undefined), ADDRESS_OR_NETWORK)), oneOrList(FILLED));
}

/** Distinct values, as a list or as a text with commas. */
function listed(one: Schema<string>): Schema<readonly string[]> {
  return z.unknown().transform((value, context): readonly string[] => {
    const parts = (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((part) =>
      typeof part === "string" ? part.split(",").map((text) => text.trim()) : [part],
    );
    const list: string[] = [];
    for (const part of parts) {
      const result = one.safeParse(part);
      if (result.success) list.push(result.data);
      else context.addIssue({ code: "custom", message: result.error.issues[0]?.message ?? "" });
    }
    return [...new Set(list)];
  });
}

/** The storage of updates. */
export type JournalChoice =
  | { readonly kind: "memory" }
  /** Without a directory, the journal is in `journal` below the data directory. */
  | { readonly kind: "log"; readonly directory: string | undefined }
  /** A server that several hubs share. */
  | { readonly kind: "redis" | "nats"; readonly url: string };

/**
 * A journal: `memory`, `log` with or without a directory, or the URL of a server.
 */
export function journalChoice(): Schema<JournalChoice> {
  const choose = (value: string): JournalChoice | undefined => {
    if (value === "memory") return { kind: "memory" };
    if (/^rediss?(\+sentinel|\+cluster)?:\/\/./.test(value)) return { kind: "redis", url: value };
    if (/^(nats|tls):\/\/./.test(value)) return { kind: "nats", url: value };
    if (value === "log") return { kind: "log", directory: undefined };
    const [, path = ""] = /^log:(.*)$/s.exec(value) ?? [];
    return isDirectory(path) ? { kind: "log", directory: path } : undefined;
  };
  const schema = KINDS.text.transform((value, context): JournalChoice => {
    const choice = choose(value);
    const flaw = choice && flawOfUrl(choice);
    if (choice !== undefined && flaw === undefined) return choice;
    // A mistyped URL may contain a password.
    const shown = value.includes("://") ? "this URL" : /^(?:log:|[\w./-]*$)/.test(value) ? JSON.stringify(value) : "this value";
    const message = flaw ?? `${shown} is not a journal. Write memory, log:DIR with a directory, redis://HOST:PORT or nats://HOST:PORT.`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
  return withJsonSchema(schema, {
    type: "string",
    pattern: String.raw`^(memory$|log$|log:.|rediss?(\+sentinel|\+cluster)?://.|nats://.|tls://.)`,
  });
}

/** The flaw of a journal's URL, without secrets. Undefined if the journal's client can read the URL. */
function flawOfUrl(choice: JournalChoice): string | undefined {
  try {
    if (choice.kind === "redis") parseRedisUrl(choice.url);
    if (choice.kind === "nats") settingsOf({ url: choice.url });
    return undefined;
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

/** Whether the hub's event ids are opaque, and the place of their secret. */
export type OpaqueIdsChoice = { readonly kind: "off" } | { readonly kind: "on" } | { readonly kind: "file"; readonly path: string };

/** The form of event ids. */
export function opaqueIdsChoice(): Schema<OpaqueIdsChoice> {
  const schema = KINDS.boolean.transform((value, context): OpaqueIdsChoice => {
    // A boolean in the file is no mistake.
    if (value === "off" || value === "false") return { kind: "off" };
    if (value === "on" || value === "true") return { kind: "on" };
    if (/^file:./i.test(value)) return { kind: "file", path: value.slice("file:".length) };
    // The value may be the secret itself.
    context.addIssue({ code: "custom", message: "the value is not on, off, or file:PATH with the file of a secret." });
    return z.NEVER;
  });
  return withJsonSchema(schema, { anyOf: [{ type: "boolean" }, { type: "string", pattern: "^(on|off|true|false|[fF][iI][lL][eE]:.+)$" }] });
}

/**
 * The hub's path. Only plain characters are allowed, so that no proxy or browser rewrites the path.
 */
export function hubPath(): Schema<string> {
  return parsed(
    (value) => (isHubPath(value) && !/^\/health(?:\/|$)/.test(value) ? value : undefined),
    "a path for the hub. It starts with /, has letters, digits, and . _ ~ - between slashes, and is neither / nor at /health.",
    { type: "string", pattern: String.raw`^(/[\w.~-]+)+$` },
  );
}

/** The public scheme and host, returned as an origin. */
export function publicOrigin(): Schema<string> {
  const ofWeb = (value: string): string | undefined => (/^https?:/i.test(value) ? parseOrigin(value) : undefined);
  return parsed(ofWeb, "a public URL. Write scheme and host alone, like https://events.example.com (the path is set by --path).", {
    type: "string",
    pattern: "^[hH][tT][tT][pP][sS]?:",
  });
}
