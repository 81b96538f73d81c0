import type { Authorization } from "../../core/matching/authorization.ts";
import type { Selection } from "../../core/matching/selection.ts";
import type { Start } from "../../core/replay/start.ts";

/** An answer that is not a stream, in terms of no framework. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the connection is not kept, where it can carry no more than one request at a time. */
  readonly closes?: boolean | undefined;
}

/** A stream, as far as the request alone decides it. */
export interface StreamReply {
  readonly headers: Readonly<Record<string, string>>;
  readonly selection: Selection;
  readonly start: Start;
  readonly authorization: Authorization | undefined;
}

/** The path at which every hub answers too, beside the path of its URL. Here a subscription without matchers receives every topic. */
export const ALIAS_PATH = "/events/stream";

/** The header fields of every event stream: no cache may keep it, no proxy may change it or hold it back. */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store, no-transform",
  Vary: "Accept-Encoding",
  // nginx holds answers back by default; this turns that off for this one.
  "X-Accel-Buffering": "no",
};

/**
 * Header fields carry bytes, which runtimes show as Latin-1, while event ids are UTF-8.
 *
 * @returns The text; as it is where the bytes are not UTF-8, which makes it an unknown id.
 */
export function decodeHeader(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(value, (character) => character.charCodeAt(0)),
    );
  } catch {
    return value;
  }
}

/** The inverse of {@link decodeHeader}. */
export function encodeHeader(value: string): string {
  return /[^\x20-\x7e]/.test(value) ? String.fromCharCode(...new TextEncoder().encode(value)) : value;
}
