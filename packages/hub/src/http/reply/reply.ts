import type { Authorization } from "../../core/matching/authorization.ts";
import type { Selection } from "../../core/matching/selection.ts";
import type { Start } from "../../core/replay/start.ts";

/** An answer that is not a stream, independent of any framework. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether to close a connection that can carry only one request at a time. */
  readonly closes?: boolean | undefined;
}

/** A stream, as far as the request alone decides it. */
export interface StreamReply {
  readonly headers: Readonly<Record<string, string>>;
  readonly selection: Selection;
  readonly start: Start;
  readonly authorization: Authorization | undefined;
  /** Set if the request is answered by the first updates, as JSON. */
  readonly poll?: Poll | undefined;
}

/** A request for the updates since a cursor. */
export interface Poll {
  /** Longest wait for an update, in milliseconds. */
  readonly waitMs: number;
  /** Time for which the updates are left in the journal, in milliseconds. */
  readonly holdMs: number;
  /** The cursor of the answer if the subscription tells no newer one. */
  readonly cursor: string;
}

/**
 * A second path of every hub, beside the path of its URL. A subscription here without matchers
 * receives every topic.
 */
export const ALIAS_PATH = "/events/stream";

/**
 * Header fields of every event stream. No cache may keep the stream, and no proxy may change or
 * delay it.
 */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store, no-transform",
  Vary: "Accept, Accept-Encoding",
  // nginx buffers answers by default. This field turns that off for the stream.
  "X-Accel-Buffering": "no",
};

/** Header fields of the answer to a poll. */
export const POLL_HEADERS: Readonly<Record<string, string>> = {
  "Content-Type": "application/json",
  "Cache-Control": "no-store",
  Vary: "Accept",
};

/**
 * Decodes a header value. Header fields carry bytes, which runtimes show as Latin-1, while event
 * ids are UTF-8.
 *
 * @returns The text. If the bytes are not UTF-8, the value itself, which is then an unknown id.
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
