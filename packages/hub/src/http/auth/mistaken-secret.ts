import { createPublicKey, X509Certificate } from "node:crypto";

/**
 * Something given as a shared secret by mistake. Others know all of these, so anybody could sign
 * with them.
 */
export type MistakenSecret = "path" | "url" | "jwks" | "public key" | "variable";

/** File name extensions of key files. */
const KEY_FILE = /^[^\r\n]*\.(?:asc|cer|crt|der|env|jwks?|json|key|p12|p8|pem|pfx|pub|secret|txt)$/i;
const PATH_START = /^(?:~[\w.-]*\/|\.{1,2}\/|\/|[a-z]:[\\/]|\\\\|@[^\s/]*\/)/i;

/**
 * Recognises a text that can hardly be a shared secret.
 *
 * @param secret - Text, or its bytes.
 * @returns Undefined for a possible secret.
 */
export function mistakenSecret(secret: string | Uint8Array): MistakenSecret | undefined {
  if (typeof secret !== "string" && isPublicKey(secret)) return "public key";
  const text = (typeof secret === "string" ? secret : Buffer.from(secret).toString("latin1")).trim();
  // One in 256 random secrets begins with a slash, and hardly any is text.
  if (typeof secret !== "string" && !/^[\t\r\n\x20-\x7e]*$/.test(text)) return undefined;
  if (/^[a-z][a-z\d+.-]*:\/\/|^(?:https?|file):/i.test(text)) return "url";
  if (/^\$(?:\w+|\{[^{}]*\}|\([^()]*\))$/.test(text)) return "variable";
  if (looksLikePath(text)) return "path";
  if (/^\{.*"(?:keys|kty)"/s.test(text)) return "jwks";
  if (/^(?:ssh-\w+|ecdsa-sha2-[\w-]+) AAAA/.test(text)) return "public key";
  // DER begins with a sequence, whose base64 begins with M.
  return /^M[\w+/\s-]+=*$/.test(text) && isPublicKey(Buffer.from(text, "base64")) ? "public key" : undefined;
}

/**
 * Whether a text looks like a file path. A base64 secret, which may begin with a slash, does not.
 */
export function looksLikePath(text: string): boolean {
  return KEY_FILE.test(text) || (PATH_START.test(text) && !isBase64(text));
}

/**
 * Whether a text looks like random bytes in base64: many more capital letters and digits than a
 * path has. Some programs do not pad it.
 */
function isBase64(text: string): boolean {
  if (text.length < 32 || !/^[A-Za-z\d+/]+={0,2}$/.test(text)) return false;
  return text.replaceAll(/[^A-Z\d+]/g, "").length > text.length / 4;
}

function isPublicKey(der: Uint8Array): boolean {
  // A DER sequence. Random bytes seldom begin with one, and need not be parsed.
  if (der[0] !== 0x30) return false;
  for (const read of [
    () => createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" }),
    () => createPublicKey({ key: Buffer.from(der), format: "der", type: "pkcs1" }),
    () => new X509Certificate(der),
  ]) {
    try {
      read();
      return true;
    } catch {
      // Not this form. The next one may fit.
    }
  }
  return false;
}
