import { addressHash } from "./address.ts";

/** A server's validators of a version, for asking whether the version has changed. */
export interface Validators {
  /**
   * The owner of the version: a hash of the address, after redirects. Another address has other
   * versions.
   */
  readonly of: string;
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
  /** When the version was sent, in milliseconds since 1970. */
  readonly fullAtMs?: number | undefined;
}

/**
 * How long a version is asked about, in milliseconds. After that, the document is requested in
 * full, because some servers answer 304 for ever.
 */
const MAX_AGE_MS = 86_400_000;

/** Longest `ETag`. The tag is sent back, and servers bound header fields. */
const MAX_LENGTH = 1024;

/** The validators of an answer, or undefined if it has none. */
export function validatorsOf(url: URL, headers: Headers): Validators | undefined {
  const etag = usable(headers.get("etag"));
  const lastModified = usable(headers.get("last-modified"));
  if (etag === undefined && lastModified === undefined) return undefined;
  return {
    of: addressHash(url),
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
    fullAtMs: Date.now(),
  };
}

/**
 * Returns the conditional request headers for a version. Returns none for another address's
 * version, or one that is a day old.
 */
export function conditionsOf(url: URL, previous: Validators | undefined): Readonly<Record<string, string>> {
  if (previous === undefined || previous.of !== addressHash(url)) return {};
  const ageMs = Date.now() - (previous.fullAtMs ?? 0);
  if (ageMs < 0 || ageMs >= MAX_AGE_MS) return {};
  return {
    ...(previous.etag === undefined ? {} : { "if-none-match": previous.etag }),
    ...(previous.lastModified === undefined ? {} : { "if-modified-since": previous.lastModified }),
  };
}

/**
 * Reads remembered validators. Returns undefined for unreadable ones, which only costs a full
 * answer.
 */
export function readValidators(value: unknown): Validators | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const text = (key: string): string | undefined => {
    const part: unknown = Reflect.get(value, key);
    return typeof part === "string" ? usable(part) : undefined;
  };
  const of = text("of");
  const fullAtMs: unknown = Reflect.get(value, "fullAtMs");
  if (of === undefined) return undefined;
  return { of, etag: text("etag"), lastModified: text("lastModified"), fullAtMs: typeof fullAtMs === "number" ? fullAtMs : undefined };
}

/**
 * Whether both are of the same version and sent within a day. Then the memory need not be written.
 */
export function isSameVersion(a: Validators | undefined, b: Validators | undefined): boolean {
  const apartMs = Math.abs((a?.fullAtMs ?? 0) - (b?.fullAtMs ?? 0));
  return a?.of === b?.of && a?.etag === b?.etag && a?.lastModified === b?.lastModified && apartMs < MAX_AGE_MS;
}

function usable(value: string | null): string | undefined {
  return value === null || value === "" || value.length > MAX_LENGTH || !/^[\t\x20-\x7E]+$/.test(value) ? undefined : value;
}
