import { createHash } from "node:crypto";

/** Hashes a text of any length, without revealing it: 43 characters of `A–Z a–z 0–9 - _`. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
