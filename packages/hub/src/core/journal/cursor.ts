import type { Position } from "./journal.ts";

/**
 * The event id that the hub makes for an update without a publisher's id: `#EPOCH:OFFSET`, with the
 * offset in base 36. Publishers may not use ids that start with `#`, so the two kinds cannot be
 * confused. A journal in several partitions writes one offset per partition, separated by `.`.
 */
const GENERATED = /^#([0-9A-Za-z]{8}):([1-9a-z][0-9a-z]{0,10}|0)$/;

/**
 * Makes the hub's own event ids opaque when they go out, and decodes them when they come in.
 * Deterministic, and the same in all processes.
 */
export interface IdCipher {
  /**
   * @param id - An id that starts with `#`. @returns Another such id, in characters of base64url.
   */
  seal(id: string): string;
  /** @returns The sealed id, or undefined for any other text. Peers may send any text. */
  open(sealed: string): string | undefined;
}

/** An event id that no update has and no hub makes. */
export const NO_ID = "#";

/** The reserved cursor that asks for everything held. */
export const EARLIEST = "earliest";

/** Writes a position as an event id. */
export function formatCursor(position: Position): string {
  return `#${position.epoch}:${position.offset.toString(36)}`;
}

/**
 * Parses an event id that the hub made.
 *
 * @returns Undefined for any other text. Never throws, because peers may send any text.
 */
export function parseCursor(eventId: string): Position | undefined {
  const parts = GENERATED.exec(eventId);
  if (parts === null) return undefined;
  const offset = Number.parseInt(parts[2] as string, 36);
  return Number.isSafeInteger(offset) ? { epoch: parts[1] as string, offset } : undefined;
}

const EPOCH_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Makes an epoch for a new journal: 8 random characters, about 47 bits. */
export function createEpoch(): string {
  let epoch = "";
  while (epoch.length < 8) {
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) {
      // Bytes past the last whole multiple of 62 are thrown away, so that all characters are
      // equally likely.
      if (byte < 248 && epoch.length < 8) epoch += EPOCH_CHARACTERS.charAt(byte % 62);
    }
  }
  return epoch;
}
