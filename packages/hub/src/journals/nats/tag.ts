import { randomBytes } from "node:crypto";

/** Names a commit: 12 characters, 72 random bits. */
export function newTag(): string {
  return randomBytes(9).toString("base64url");
}
