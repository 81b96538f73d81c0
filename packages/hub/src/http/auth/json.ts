import { Refusal } from "./refusal.ts";

/** An object from `JSON.parse`. Read its members with {@link member} only. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Deepest nesting of a payload. `JSON.stringify` must never exhaust the stack. */
const MAX_DEPTH = 32;

/** Whether a parsed JSON value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads an object's own member. Inherited members are not part of the token. */
export function member(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/**
 * Copies parsed JSON into frozen objects without a prototype. A member named `__proto__` is then
 * data like any other, wherever the copy goes.
 *
 * @throws Refusal if the nesting is deeper than 32 levels.
 */
export function freezeObject(object: JsonObject, depth = 1): JsonObject {
  if (depth > MAX_DEPTH) throw new Refusal(`The payload is nested deeper than ${MAX_DEPTH} levels.`);
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(object)) copy[name] = freezeValue(value, depth + 1);
  return Object.freeze(copy);
}

/** Freezes any parsed JSON value, like {@link freezeObject}. */
export function freezeValue(value: unknown, depth = 1): unknown {
  if (depth > MAX_DEPTH) throw new Refusal(`The payload is nested deeper than ${MAX_DEPTH} levels.`);
  if (Array.isArray(value)) return Object.freeze(value.map((entry) => freezeValue(entry, depth + 1)));
  return isObject(value) ? freezeObject(value, depth) : value;
}
