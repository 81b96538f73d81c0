import { z } from "zod";
import { parseOrigin } from "../../http/auth/origin.ts";
import { ADDRESS_OR_NETWORK, isAddressOrNetwork } from "../../http/admission/trusted-proxies.ts";
import { isCookieName, isHubPath, isIdentifier } from "../../http/valid.ts";
import { formatCount, formatDuration, formatSize, parseDuration, parseSize } from "./units.ts";

/** The word that switches a bound off. */
export const NONE = "none";

/** The word that leaves a number to the machine. */
export const AUTO = "auto";

/** Far beyond any machine's processors: more is a slip of the hand. */
const MAX_WORKERS = 256;

/** A value that is written by hand, and what it means. */
export type Schema<T> = z.ZodType<T>;

/** Flags and variables give text; a file may also give a number or a boolean. */
const written = z.union([z.string(), z.number(), z.boolean()], { error: "must be a text, a number or a boolean" }).transform(String);

/**
 * Makes a schema of a parser.
 *
 * @param parse - Returns undefined for what is not allowed.
 * @param allowed - Completes the sentence `… is not`, and says what is allowed.
 */
function parsed<T>(parse: (text: string) => T | undefined, allowed: string): Schema<T> {
  return written.transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: `${JSON.stringify(text)} is not ${allowed}` });
    return z.NEVER;
  });
}

function within(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

/** A duration in milliseconds, between two bounds that are included. */
export function duration(min: number, max: number): Schema<number> {
  return parsed(
    (text) => within(parseDuration(text), min, max),
    `a duration from ${formatDuration(min)} to ${formatDuration(max)}. Write it like 500ms, 10s, 5m, 2h or 7d; a plain number is milliseconds.`,
  );
}

/** A size in bytes, between two bounds that are included. */
export function size(min: number, max: number): Schema<number> {
  return parsed(
    (text) => within(parseSize(text), min, max),
    `a size from ${formatSize(min)} to ${formatSize(max)}. Write it like 64KiB, 1MiB or 10GB; a plain number is bytes.`,
  );
}

/** A whole number, between two bounds that are included. */
export function count(min: number, max: number, what = "a whole number"): Schema<number> {
  return parsed(
    (text) => (/^\d[\d_,]*$/.test(text) ? within(Number(text.replaceAll(/[_,]/g, "")), min, max) : undefined),
    `${what} from ${formatCount(min)} to ${formatCount(max)}.`,
  );
}

/** How many processes: a number, or `auto`. */
export function workerCount(): Schema<number | typeof AUTO> {
  return parsed<number | typeof AUTO>(
    (text) => (text === AUTO ? AUTO : /^\d+$/.test(text) ? within(Number(text), 1, MAX_WORKERS) : undefined),
    `a number of processes from 1 to ${MAX_WORKERS}, or auto.`,
  );
}

/** A bound that `none` switches off. */
export function orNone(schema: Schema<number>): Schema<number | typeof NONE> {
  return z.unknown().transform((value, context): number | typeof NONE => {
    if (value === NONE) return NONE;
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    context.addIssue({ code: "custom", message: `${result.error.issues[0]?.message ?? ""} Write none for no bound.` });
    return z.NEVER;
  });
}

/** Texts: one, or a list of them. */
export function texts(what: string): Schema<readonly string[]> {
  const one = text(what);
  return z.unknown().transform((value, context): readonly string[] => {
    const list: string[] = [];
    for (const part of Array.isArray(value) ? (value as unknown[]) : [value]) {
      const result = one.safeParse(part);
      if (result.success) list.push(result.data);
      else context.addIssue({ code: "custom", message: result.error.issues[0]?.message ?? "" });
    }
    return list;
  });
}

/** Yes or no. */
export function toggle(): Schema<boolean> {
  const values: Readonly<Record<string, boolean>> = { true: true, "1": true, false: false, "0": false };
  return parsed((text) => (Object.hasOwn(values, text) ? values[text] : undefined), "true or false.");
}

/** One of some words. */
export function oneOf<const T extends string>(words: readonly T[]): Schema<T> {
  return parsed((text) => words.find((word) => word === text), `one of ${words.join(", ")}.`);
}

/** Text that is not empty. */
export function text(what: string): Schema<string> {
  return parsed((value) => (value.trim() === "" ? undefined : value), what);
}

/** How a URL begins, whatever kind it is. */
export const URL_START: RegExp = /^[a-z][a-z\d+.-]*:\/\//i;

/** The path of a directory: what is written like something else would be made as a directory of that name. */
export function directory(): Schema<string> {
  return parsed((value) => (isDirectory(value) ? value : undefined), "a directory. Write its path alone, such as /var/lib/artesian.");
}

function isDirectory(value: string): boolean {
  return value.trim() !== "" && !URL_START.test(value) && !/^(?:file|lmdb):/i.test(value);
}

/** A URL, or another absolute identifier, that is compared as it is written. */
export function identifier(what: string): Schema<string> {
  return parsed((value) => (isIdentifier(value) ? value : undefined), what);
}

/** A name that a cookie can have. */
export function cookieName(): Schema<string> {
  return parsed((value) => (isCookieName(value) ? value : undefined), "a name for a cookie. Use letters, digits, - and _.");
}

/**
 * Origins: a list, or a text with commas between them.
 *
 * @param options - `any`: whether `*` is allowed, alone.
 */
export function origins({ any }: { readonly any: boolean }): Schema<readonly string[]> {
  const one = parsed(
    (value) => (any && value === "*" ? value : parseOrigin(value)),
    `an origin. Write scheme and host, and the port where it is not the usual one, like https://example.com or capacitor://localhost${any ? "; or * for any" : ""}.`,
  );
  return listed(one).superRefine((list, context) => {
    if (list.includes("*") && list.length > 1) {
      context.addIssue({ code: "custom", message: "* is any origin already, without cookies: leave the others out, or leave * out." });
    }
  });
}

/** Addresses and networks: a list, or a text with commas between them. */
export function networks(): Schema<readonly string[]> {
  return listed(parsed((value) => (isAddressOrNetwork(value) ? value : undefined), ADDRESS_OR_NETWORK));
}

/** Values, each once: a list, or a text with commas between them. */
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

/** Where updates are kept. */
export type JournalChoice =
  | { readonly kind: "memory" }
  /** Without a directory, it is `journal` below the data directory. */
  | { readonly kind: "lmdb"; readonly directory: string | undefined }
  /** A server that several hubs share. */
  | { readonly kind: "redis" | "nats"; readonly url: string };

/** A journal: `memory`, `lmdb:` and a directory, or the URL of a server, which whoever connects to it reads in full. */
export function journalChoice(): Schema<JournalChoice> {
  const choose = (value: string): JournalChoice | undefined => {
    if (value === "memory") return { kind: "memory" };
    if (value === "lmdb") return { kind: "lmdb", directory: undefined };
    if (/^rediss?(\+sentinel|\+cluster)?:\/\/./.test(value)) return { kind: "redis", url: value };
    if (/^(nats|tls):\/\/./.test(value)) return { kind: "nats", url: value };
    const path = value.startsWith("lmdb:") ? value.slice("lmdb:".length) : "";
    return isDirectory(path) ? { kind: "lmdb", directory: path } : undefined;
  };
  return written.transform((value, context): JournalChoice => {
    const choice = choose(value);
    if (choice !== undefined) return choice;
    // It may have a password.
    const shown = value.includes("://") ? "this URL" : JSON.stringify(value);
    const message = `${shown} is not a journal. Write memory, lmdb:DIR with a directory, redis://HOST:PORT or nats://HOST:PORT.`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

/** Whether the hub's event ids are opaque, and where the secret for that is. */
export type OpaqueIdsChoice = { readonly kind: "off" } | { readonly kind: "on" } | { readonly kind: "file"; readonly path: string };

/** How event ids look. */
export function opaqueIdsChoice(): Schema<OpaqueIdsChoice> {
  return written.transform((value, context): OpaqueIdsChoice => {
    // A boolean in the file is no mistake.
    if (value === "off" || value === "false") return { kind: "off" };
    if (value === "on" || value === "true") return { kind: "on" };
    if (/^file:./i.test(value)) return { kind: "file", path: value.slice("file:".length) };
    // It may be the secret itself.
    context.addIssue({ code: "custom", message: "the value is not on, off, or file:PATH with the file of a secret." });
    return z.NEVER;
  });
}

/** The hub's path: plain, so that no proxy or browser writes it in another way. */
export function hubPath(): Schema<string> {
  return parsed(
    (value) => (isHubPath(value) && !/^\/health(?:\/|$)/.test(value) ? value : undefined),
    "a path for the hub. It starts with /, has letters, digits, and . _ ~ - between slashes, and is neither / nor at /health.",
  );
}

/** Scheme and host that the public uses; given back as an origin. */
export function publicOrigin(): Schema<string> {
  const ofWeb = (value: string): string | undefined => (/^https?:/i.test(value) ? parseOrigin(value) : undefined);
  return parsed(ofWeb, "a public URL. Write scheme and host alone, like https://events.example.com (the path is set by --path).");
}
