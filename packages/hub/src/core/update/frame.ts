import { encodeUtf8 } from "./bytes.ts";
import { hasLineBreak, splitLines } from "./data-lines.ts";
import type { ErrorCode } from "../errors.ts";
import type { Update } from "./update.ts";

/**
 * Encodes an update as one event of the stream, once for all its subscribers.
 *
 * The data becomes one `data:` line for each line of it, split on CR, LF and CRLF: a raw line break would let a
 * publisher forge fields. Empty data still has its `data:` line, for without one the event is not dispatched.
 *
 * @param eventId - Null for none: the peer keeps the cursor that it has.
 * @see HTML Standard, 9.2.5 "Parsing an event stream".
 */
export function encodeFrame(update: Update, eventId: string | null): Uint8Array {
  let head = "";
  if (update.type !== undefined) head += `event: ${update.type}\n`;
  if (update.retry !== undefined) head += `retry: ${update.retry}\n`;
  if (eventId !== null) head += `id: ${eventId}\n`;
  const event = `${head}data: ${update.data}\n\n`;
  return hasLineBreak(update.data) ? splitLines(encodeUtf8(event), encodeUtf8(head).length) : encodeUtf8(event);
}

/** A comment line without the blank line after it: some parsers dispatch an empty event at every blank line. */
export const HEARTBEAT: Uint8Array = encodeUtf8(":\n");

/** Why a cursor could not be resumed from. */
export type GapReason = "trimmed" | "unknown" | "epoch";

/** What a `hub:gap` event tells in its data. */
export interface Gap {
  /** The event id that the subscriber asked to resume from. */
  readonly requested: string;
  /** The event id of the first update that follows, or null where the journal holds none. */
  readonly first: string | null;
  /** `trimmed`: dropped by retention; `unknown`: no such id; `epoch`: an id of a journal that was replaced. */
  readonly reason: GapReason;
}

/** Sets the reconnection time, in milliseconds; belongs to no event. */
export function encodeRetry(retryMs: number): string {
  return `retry: ${retryMs}\n`;
}

/** Tells that updates are missing. Without an id, so that it never moves the cursor. */
export function encodeGap(gap: Gap): string {
  return `event: hub:gap\ndata: ${JSON.stringify(gap)}\n\n`;
}

/**
 * Tells that this stream ends, and when to come back. Without an id; `EventSource` comes back by itself after the time.
 *
 * @param code - The error's, if the request was refused.
 */
export function encodeDrain(retryMs: number, code?: ErrorCode): string {
  return `retry: ${retryMs}\nevent: hub:drain\ndata: ${JSON.stringify({ reconnectInMs: retryMs, code })}\n\n`;
}

/** Tells that the token ends soon; a new one that names the subscriber keeps the stream open. Without an id. */
export function encodeExpiring(leftMs: number, subscriberId: string): string {
  return `event: hub:expiring\ndata: ${JSON.stringify({ expiresInMs: Math.round(leftMs), subscriber: subscriberId })}\n\n`;
}

/**
 * Moves the subscriber's cursor to a place that no update was sent for. Without it, a subscriber of a quiet
 * topic would resume from far behind, or have no cursor at all and lose what is published while it is away.
 * It has data because many parsers forget the id of an event without any.
 */
export function encodeCursor(eventId: string): string {
  return `event: hub:cursor\nid: ${eventId}\ndata: {}\n\n`;
}
