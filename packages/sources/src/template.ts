import { textOf } from "./json.ts";

/** A text with names in braces, such as `/weather/{key}`. */
export interface Template {
  /** The names, in order. */
  readonly names: readonly string[];
  /**
   * Replaces the names by values, percent-encoded as in a URL, so that a value can't leave its
   * place in the path.
   *
   * @param value - Returns a text, a number or a boolean for a name.
   * @returns Undefined if a value is none of these, is empty, or is a dot segment.
   */
  expand(value: (name: string) => unknown): string | undefined;
}

/**
 * Compiles a template.
 *
 * @throws TypeError for an unbalanced or empty brace.
 */
export function compileTemplate(text: string): Template {
  if (text === "") throw new TypeError("A topic is empty. Write a name, such as /weather or /weather/{key}.");
  const parts = text.split(/\{([^{}]+)\}/);
  const names = parts.filter((_, i) => i % 2 === 1);
  if (parts.some((part, i) => i % 2 === 0 && /[{}]/.test(part))) {
    throw new TypeError(`"${text}" is not a template: a name stands in braces, such as /weather/{key}.`);
  }
  return {
    names,
    expand(value) {
      let result = "";
      for (const [i, part] of parts.entries()) {
        const piece = i % 2 === 0 ? part : encoded(value(part));
        if (piece === undefined) return undefined;
        result += piece;
      }
      return result;
    },
  };
}

function encoded(value: unknown): string | undefined {
  const text = textOf(value);
  // A URL would resolve a dot segment away, also an encoded one.
  if (text === undefined || text === "" || text === "." || text === ".." || !text.isWellFormed()) return undefined;
  return encodeURIComponent(text);
}
