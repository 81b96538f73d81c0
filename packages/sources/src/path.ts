/**
 * Finds a part of a JSON value.
 *
 * @returns Undefined if there is none.
 */
export type Path = (value: unknown) => unknown;

/**
 * Compiles a place in a document: a JSON Pointer (`/data/0/price`) or names with dots
 * (`data.0.price`). An empty text or a single dot is the whole document.
 *
 * @throws TypeError for any other text.
 * @see https://www.rfc-editor.org/rfc/rfc6901
 */
export function compilePath(text: string): Path {
  const names = namesOf(text);
  return (value) => {
    let part = value;
    for (const name of names) {
      // Only the document's own members count, so not `length` or `constructor`.
      if (typeof part !== "object" || part === null || !Object.hasOwn(part, name)) return undefined;
      if (Array.isArray(part) && !/^(?:0|[1-9]\d*)$/.test(name)) return undefined;
      part = Reflect.get(part, name);
    }
    return part;
  };
}

function namesOf(text: string): readonly string[] {
  if (text === "" || text === ".") return [];
  if (!text.startsWith("/")) {
    const names = text.split(".");
    if (names.includes("")) throw new TypeError(`"${text}" is not a path: a name is missing. Write it like data.items, or /data/items.`);
    return names;
  }
  if (/~(?![01])/.test(text)) throw new TypeError(`"${text}" is not a JSON Pointer: ~ is written ~0 in it, and / in a name ~1.`);
  return text
    .slice(1)
    .split("/")
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}
