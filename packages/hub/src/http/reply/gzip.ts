import { constants, deflateRawSync } from "node:zlib";
import type { Compression } from "../../core/update/gzip-blocks.ts";

/** Smaller frames, in bytes, are sent uncompressed. */
export const DEFAULT_MIN_BYTES = 512;

/** Compression with Node's zlib. */
export function gzipCompression(minBytes: number): Compression {
  return {
    minBytes,
    deflate: (bytes) => deflateRawSync(bytes, { level: 6, memLevel: 8, finishFlush: constants.Z_FULL_FLUSH }),
  };
}

/** Whether a client accepts gzip. See {@link takesCoding}. */
export function takesGzip(accepted: string | undefined): boolean {
  return takesCoding(accepted, "gzip", "x-gzip");
}

/**
 * Whether a client accepts a content coding.
 *
 * @param accepted - The `Accept-Encoding` field.
 * @param names - All names of the coding, in lower case.
 * @see RFC 9110, 12.5.3.
 */
export function takesCoding(accepted: string | undefined, ...names: readonly string[]): boolean {
  let any = false;
  for (const part of (accepted ?? "").toLowerCase().split(",")) {
    const [coding, ...parameters] = part.split(";").map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    const isWanted = weight === undefined || Number(weight.slice(2)) > 0;
    if (coding !== undefined && names.includes(coding)) return isWanted;
    if (coding === "*") any = isWanted;
  }
  return any;
}

/**
 * Whether a request comes through a proxy that asks for gzip itself, inflates for its clients, and
 * holds back 32 KiB of the inflated text. Varnish does so, and names itself in each request.
 *
 * @param header - Reads a field of the request.
 */
export function holdsInflated(header: (name: string) => string | undefined): boolean {
  return header("x-varnish") !== undefined;
}
