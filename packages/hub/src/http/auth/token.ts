import { isObject, type JsonObject } from "./json.ts";
import { Refusal } from "./refusal.ts";

/** The parts of a token, not verified. */
export interface ParsedToken {
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

/**
 * A JWS in compact serialization. An empty signature passes here, so that `alg: none` gets its own
 * refusal.
 */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** A byte order mark is not JSON, and the decoder would drop it otherwise. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Takes a token apart.
 *
 * @throws Refusal if it is no JWS in compact serialization with JSON objects for header and claims.
 */
export function parseToken(token: string): ParsedToken {
  if (!COMPACT.test(token)) throw new Refusal("It is not three base64url parts with points between them.");
  const parts = token.split(".") as [string, string, string];
  for (const part of parts) {
    // Unused bits of the last character must be zero. A token then has one spelling, and no other
    // one passes as "verified".
    if (Buffer.from(part, "base64url").toString("base64url") !== part) throw new Refusal("A part is not canonical base64url.");
  }
  return { header: parsePart("header", parts[0]), claims: parsePart("claims", parts[1]) };
}

function parsePart(what: string, part: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(Buffer.from(part, "base64url")));
  } catch (error) {
    throw new Refusal(`The ${what} part is not JSON in UTF-8.`, { cause: error });
  }
  if (!isObject(value)) throw new Refusal(`The ${what} part is not a JSON object.`);
  return value;
}
