import { addressHash } from "./address.ts";

/** What a server told of the version that it sent, for asking whether there is another one. */
export interface Validators {
  /** Whose version it is: a hash of the address, after redirects. Another address has other versions. */
  readonly of: string;
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

/** Longest `ETag` that is kept: it is sent back, and header fields are bounded everywhere. */
const MAX_LENGTH = 1024;

/** The validators of an answer; undefined where it has none. */
export function validatorsOf(url: URL, headers: Headers): Validators | undefined {
  const etag = usable(headers.get("etag"));
  const lastModified = usable(headers.get("last-modified"));
  if (etag === undefined && lastModified === undefined) return undefined;
  return { of: addressHash(url), ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}

/** The request headers that ask for another version than this one; none where it is another address's. */
export function conditionsOf(url: URL, previous: Validators | undefined): Readonly<Record<string, string>> {
  if (previous === undefined || previous.of !== addressHash(url)) return {};
  return {
    ...(previous.etag === undefined ? {} : { "if-none-match": previous.etag }),
    ...(previous.lastModified === undefined ? {} : { "if-modified-since": previous.lastModified }),
  };
}

/** Reads validators that were remembered; undefined where they make no sense, which only costs a full answer. */
export function readValidators(value: unknown): Validators | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const text = (key: string): string | undefined => {
    const part: unknown = Reflect.get(value, key);
    return typeof part === "string" ? usable(part) : undefined;
  };
  const of = text("of");
  return of === undefined ? undefined : { of, etag: text("etag"), lastModified: text("lastModified") };
}

function usable(value: string | null): string | undefined {
  return value === null || value === "" || value.length > MAX_LENGTH || !/^[\t\x20-\x7E]+$/.test(value) ? undefined : value;
}
