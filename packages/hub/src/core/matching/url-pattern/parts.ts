import type { Encode } from "./encode.ts";
import { invalidPattern, tokenize, type Token, type TokenType } from "./tokens.ts";

/** How often a part may occur: once, or as its modifier says. */
export type Modifier = "" | "?" | "*" | "+";

/** One piece of a component's pattern: fixed text, or a group with its adjacent fixed text. */
export interface Part {
  /** `segment` matches up to the delimiter, `wildcard` matches anything. */
  readonly type: "fixed" | "regexp" | "segment" | "wildcard";
  /** The text of a `fixed` part, encoded, or the source of a `regexp` part. */
  readonly value: string;
  /** Encoded text before and after a group, which its modifier covers too. */
  readonly prefix: string;
  readonly suffix: string;
  readonly modifier: Modifier;
}

/** How a component's pattern is read. */
export interface PartOptions {
  readonly encode: Encode;
  /** The character that a `:name` stops at. "" for none. */
  readonly delimiter: "" | "." | "/";
  /** The character that, right before a group, belongs to the group. "" for none. */
  readonly prefix: "" | "/";
}

/** Anything, and anything up to the delimiter, as custom regular expressions that mean the same. */
const ANYTHING = ".*";
const upTo = (delimiter: string): string => `[^${escapeRegExp(delimiter)}]+?`;

const escapeRegExp = (text: string): string => text.replace(/[.+*?^${}()[\]|/\\]/g, "\\$&");

/**
 * Parses the pattern of one component.
 *
 * @throws PatternError.
 * @see https://urlpattern.spec.whatwg.org/#parse-a-pattern-string
 */
export function parseParts(pattern: string, options: PartOptions): Part[] {
  const tokens = tokenize(pattern, false);
  const parts: Part[] = [];
  const names = new Set<string>();
  let index = 0;
  let pending = "";

  const take = (...types: readonly TokenType[]): string | undefined => {
    const token = tokens[index];
    if (token === undefined || !types.includes(token.type)) return undefined;
    index++;
    return token.value;
  };
  const encode = (text: string): string => (text === "" ? "" : options.encode(text));
  const addFixed = (text: string, modifier: Modifier): void => {
    if (text !== "") parts.push({ type: "fixed", value: encode(text), prefix: "", suffix: "", modifier });
  };
  const flush = (): void => {
    addFixed(pending, "");
    pending = "";
  };
  const takeText = (): string => {
    let text = "";
    for (let next = take("char", "escaped"); next !== undefined; next = take("char", "escaped")) text += next;
    return text;
  };
  /** The group at this place, if any: `:name`, `:name(regexp)`, `(regexp)` or `*`. */
  const takeGroup = (): Pick<Part, "type" | "value"> | undefined => {
    const name = take("name");
    const source = take("regexp") ?? (name === undefined && take("asterisk") !== undefined ? ANYTHING : undefined);
    if (name === undefined && source === undefined) return undefined;
    if (name !== undefined) {
      if (names.has(name)) throw invalidPattern(`The name \`:${name}\` occurs twice in \`${pattern}\`. Rename one.`);
      names.add(name);
    }
    if (source === undefined || source === upTo(options.delimiter)) return { type: "segment", value: "" };
    return source === ANYTHING ? { type: "wildcard", value: "" } : { type: "regexp", value: source };
  };
  const takeModifier = (): Modifier => (take("modifier", "asterisk") ?? "") as Modifier;
  const addGroup = (group: Pick<Part, "type" | "value">, prefix: string, suffix: string): void => {
    parts.push({ ...group, prefix: encode(prefix), suffix: encode(suffix), modifier: takeModifier() });
  };

  for (;;) {
    const char = take("char");
    const group = takeGroup();
    if (group !== undefined) {
      const prefix = char !== undefined && char === options.prefix ? char : "";
      if (prefix === "") pending += char ?? "";
      flush();
      addGroup(group, prefix, "");
      continue;
    }
    const text = char ?? take("escaped");
    if (text !== undefined) {
      pending += text;
    } else if (take("open") !== undefined) {
      const prefix = takeText();
      const inner = takeGroup();
      const suffix = takeText();
      if (take("close") === undefined) throw unexpected(pattern, tokens[index], "The `{` before it needs its `}` here");
      if (inner !== undefined) {
        flush();
        addGroup(inner, prefix, suffix);
        continue;
      }
      const modifier = takeModifier();
      if (modifier === "") {
        // Braces alone change nothing, so the text is encoded together with the text around it.
        pending += prefix;
      } else {
        flush();
        addFixed(prefix, modifier);
      }
    } else {
      flush();
      if (take("end") === undefined) throw unexpected(pattern, tokens[index], "Escape it with `\\`");
      return parts;
    }
  }
}

function unexpected(pattern: string, token: Token | undefined, advice: string): Error {
  const { value = "", index = 0 } = token ?? {};
  return invalidPattern(`There is a misplaced \`${value}\` (character ${index + 1} of \`${pattern}\`). ${advice}.`);
}

/**
 * Writes parts as a regular expression (flag `v`) that matches the same texts, from start to end.
 *
 * @see https://urlpattern.spec.whatwg.org/#generate-a-regular-expression-and-name-list
 */
export function toRegularExpression(parts: readonly Part[], delimiter: string): string {
  const sources = parts.map((part) => {
    const { modifier } = part;
    if (part.type === "fixed") return modifier === "" ? escapeRegExp(part.value) : `(?:${escapeRegExp(part.value)})${modifier}`;
    const value = part.type === "regexp" ? part.value : part.type === "segment" ? upTo(delimiter) : ANYTHING;
    const [prefix, suffix] = [escapeRegExp(part.prefix), escapeRegExp(part.suffix)];
    if (modifier === "" || modifier === "?" || prefix + suffix === "") return `(?:${prefix}(${value})${suffix})${modifier}`;
    // The text between two repetitions is the suffix of the first and the prefix of the second.
    return `(?:${prefix}((?:${value})(?:${suffix}${prefix}(?:${value}))*)${suffix})${modifier === "*" ? "?" : ""}`;
  });
  return sources.join("");
}
