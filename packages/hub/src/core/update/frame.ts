import { encodeUtf8 } from "./bytes.ts";
import { Frame } from "./encoded-frame.ts";
import { hasLineBreak, splitLines } from "./data-lines.ts";
import type { ErrorCode } from "../errors.ts";
import type { Update } from "./update.ts";

/**
 * Encodes an update as one event of the stream, once for all its subscribers.
 *
 * Each line of the data becomes one `data:` line, split on CR, LF and CRLF. A raw line break would
 * let a publisher forge fields. Empty data still has its `data:` line, because without one the
 * event is not dispatched.
 *
 * @param eventId - Null for none. The peer then keeps its cursor.
 * @param after - Text that follows the event in its frame.
 * @see HTML Standard, 9.2.5 "Parsing an event stream".
 */
export function encodeFrame(update: Update, eventId: string | null, after = ""): Frame {
  let head = "";
  if (update.type !== undefined) head += `event: ${update.type}\n`;
  if (update.retry !== undefined) head += `retry: ${update.retry}\n`;
  if (eventId !== null) head += `id: ${eventId}\n`;
  const event = `${head}data: ${update.data}\n\n`;
  if (!hasLineBreak(update.data)) return Frame.ofText(event + after);
  return splitLines(encodeUtf8(event), encodeUtf8(head).length, encodeUtf8(after));
}

/**
 * Encodes the topics of an update, one field each. They stand before the other fields of the event.
 * `EventSource` passes over fields that it does not know.
 */
export function encodeTopics(topics: readonly string[]): string {
  return topics.map((topic) => `topics: ${topic}\n`).join("");
}

/**
 * A comment line without the blank line after it. Some parsers dispatch an empty event at every
 * blank line.
 */
export const HEARTBEAT: Frame = Frame.ofText(":\n");

/** Why a cursor could not be resumed from. */
export type GapReason = "trimmed" | "unknown" | "epoch";

/** Data of a `hub:gap` event. */
export interface Gap {
  /** The event id that the subscriber asked to resume from. */
  readonly requested: string;
  /** The event id of the first update that follows, or null if the journal holds none. */
  readonly first: string | null;
  /**
   * `trimmed`: dropped by retention. `unknown`: no such id. `epoch`: an id of a journal that was
   * replaced.
   */
  readonly reason: GapReason;
}

/** Encodes the reconnection time, in milliseconds. Belongs to no event. */
export function encodeRetry(retryMs: number): string {
  return `retry: ${retryMs}\n`;
}

/** Encodes the event for missing updates. Has no id, so that it never moves the cursor. */
export function encodeGap(gap: Gap): string {
  return `event: hub:gap\ndata: ${JSON.stringify(gap)}\n\n`;
}

/**
 * Encodes the event for the end of this stream, with the time to come back. Has no id.
 * `EventSource` comes back by itself after the time.
 *
 * @param code - The error's code, if the request was refused.
 */
export function encodeDrain(retryMs: number, code?: ErrorCode): string {
  return `retry: ${retryMs}\nevent: hub:drain\ndata: ${JSON.stringify({ reconnectInMs: retryMs, code })}\n\n`;
}

/**
 * Encodes the event for a token that ends soon. A new token that names the subscriber keeps the
 * stream open. Has no id.
 */
export function encodeExpiring(leftMs: number, subscriberId: string): string {
  return `event: hub:expiring\ndata: ${JSON.stringify({ expiresInMs: Math.round(leftMs), subscriber: subscriberId })}\n\n`;
}

/**
 * Encodes an event that moves the subscriber's cursor to a place without an update. Without this
 * event, a subscriber of a quiet topic would resume from far behind. A subscriber with no cursor at
 * all would lose the updates published while away. The event has data because many parsers forget
 * the id of an event without data.
 */
export function encodeCursor(eventId: string): string {
  return `event: hub:cursor\nid: ${eventId}\ndata: {}\n\n`;
}
