import { Refusal } from "./refusal.ts";

/** An object that came out of `JSON.parse`. Read it with {@link member} only. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Deepest nesting of a payload: `JSON.stringify` of it must never exhaust the stack. */
const MAX_DEPTH = 32;

/** Tells whether the parsed JSON value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object's own member: what it inherits is none of the token's. */
export function member(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/**
 * Copies parsed JSON into frozen objects without a prototype, so that a member named `__proto__` is data like any other, wherever
 * the copy goes.
 *
 * @throws Refusal where it is nested deeper than 32 levels.
 */
export function freezeObject(object: JsonObject, depth = 1): JsonObject {
  if (depth > MAX_DEPTH) throw new Refusal(`The payload is nested deeper than ${MAX_DEPTH} levels.`);
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(object)) copy[name] = freezeValue(value, depth + 1);
  return Object.freeze(copy);
}

/** The same of any parsed JSON. */
export function freezeValue(value: unknown, depth = 1): unknown {
  if (depth > MAX_DEPTH) throw new Refusal(`The payload is nested deeper than ${MAX_DEPTH} levels.`);
  if (Array.isArray(value)) return Object.freeze(value.map((entry) => freezeValue(entry, depth + 1)));
  return isObject(value) ? freezeObject(value, depth) : value;
}
