import { randomBytes } from "node:crypto";

/** Makes the tag of a commit: 12 characters, 72 random bits. */
export function newTag(): string {
  return randomBytes(9).toString("base64url");
}
