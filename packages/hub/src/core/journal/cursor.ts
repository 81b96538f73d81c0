import type { Position } from "./journal.ts";

/**
 * The id that the hub makes for an update whose publisher gave none: `#EPOCH:OFFSET`, the offset in base 36.
 * Publishers may not use ids that start with `#`, so the two kinds cannot be taken for each other. A journal in
 * several partitions writes one offset a partition, separated by `.`.
 */
const GENERATED = /^#([0-9A-Za-z]{8}):([1-9a-z][0-9a-z]{0,10}|0)$/;

/** Makes the hub's own event ids opaque on their way out, and reads them on their way in. Deterministic, and the same in all processes. */
export interface IdCipher {
  /** @param id - One that starts with `#`. @returns Another that does, in characters of base64url. */
  seal(id: string): string;
  /** @returns What was sealed; undefined for any other text, whatever a peer sends. */
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
 * Reads an event id that the hub made.
 *
 * @returns undefined for any other text; never throws, whatever a peer sends.
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
      // Bytes past the last whole multiple of 62 are thrown away, so that each character is as likely.
      if (byte < 248 && epoch.length < 8) epoch += EPOCH_CHARACTERS.charAt(byte % 62);
    }
  }
  return epoch;
}
