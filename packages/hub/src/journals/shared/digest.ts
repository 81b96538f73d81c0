import { createHash } from "node:crypto";

/** Stands for a text of any length, which it does not tell: 43 characters of `A–Z a–z 0–9 - _`. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
