import { PatternError } from "./error.ts";

/**
 * Types of tokens in a pattern string. `modifier` is `?` or `+`. `*` is a wildcard or a modifier,
 * depending on its place.
 */
export type TokenType = "open" | "close" | "regexp" | "name" | "char" | "escaped" | "modifier" | "asterisk" | "end" | "invalid";

/** One lexical piece of a pattern string. */
export interface Token {
  readonly type: TokenType;
  /** Where the token starts in the pattern string, in UTF-16 units. */
  readonly index: number;
  /** Text of the token, without the `\`, the `:` or the parentheses that mark its type. */
  readonly value: string;
}

/**
 * Makes the error for a pattern that cannot be used. `reason` is a sentence or two: the fault, and
 * what to change.
 */
export function invalidPattern(reason: string, cause?: unknown): PatternError {
  return new PatternError(`The URL pattern cannot be used. ${reason}`, cause === undefined ? {} : { cause });
}

const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
const SINGLE: Readonly<Record<string, TokenType>> = { "*": "asterisk", "+": "modifier", "?": "modifier", "{": "open", "}": "close" };

/**
 * Splits a pattern string into tokens, in linear time. The last is always `end`.
 *
 * @param lenient - Whether malformed text becomes an `invalid` token of one character. The
 *   components of a whole pattern are split before it is known which characters are syntax (the `:`
 *   before a port is not).
 * @throws PatternError for a malformed string, unless lenient.
 * @see https://urlpattern.spec.whatwg.org/#tokenizing
 */
export function tokenize(pattern: string, lenient: boolean): Token[] {
  const tokens: Token[] = [];
  let index = 0;
  const add = (type: TokenType, end: number, value: string): void => {
    tokens.push({ type, index, value });
    index = end;
  };
  const fail = ({ problem, advice }: Fault): void => {
    if (!lenient) throw invalidPattern(`${problem} (character ${index + 1} of \`${pattern}\`). ${advice}.`);
    add("invalid", index + 1, pattern.charAt(index));
  };
  while (index < pattern.length) {
    const char = pattern.charAt(index);
    if (char === "\\") {
      if (index === pattern.length - 1) fail({ problem: "It ends with `\\`, which escapes nothing", advice: "Remove it, or write `\\\\`" });
      else add("escaped", index + 2, pattern.charAt(index + 1));
    } else if (char === ":") {
      NAME.lastIndex = index + 1;
      const name = NAME.exec(pattern)?.[0];
      if (name === undefined) fail({ problem: "A `:` is not followed by a name", advice: "Add one, or write `\\:`" });
      else add("name", NAME.lastIndex, name);
    } else if (char === "(") {
      const group = scanGroup(pattern, index + 1);
      if (typeof group === "number") add("regexp", group + 1, pattern.slice(index + 1, group));
      else fail(group);
    } else {
      add(SINGLE[char] ?? "char", index + 1, char);
    }
  }
  add("end", index, "");
  return tokens;
}

interface Fault {
  readonly problem: string;
  readonly advice: string;
}

const NOT_ASCII: Fault = { problem: "A group has a character that is not ASCII", advice: "Percent-encode it" };

/** Finds the `)` that ends the regular expression which starts at `start`. */
function scanGroup(pattern: string, start: number): number | Fault {
  if (pattern[start] === "?") return { problem: "A group's regular expression starts with `?`", advice: "Remove it, or write `\\(`" };
  let depth = 1;
  for (let i = start; i < pattern.length; i++) {
    if (pattern[i] === "\\") i++;
    else if (pattern[i] === ")") depth--;
    else if (pattern[i] === "(") {
      depth++;
      if (pattern[i + 1] !== "?") return { problem: "A group has a group inside it", advice: "Write the inner one as `(?:…)`" };
    }
    if (pattern.charCodeAt(i) > 0x7f) return NOT_ASCII;
    if (depth > 0) continue;
    return i > start ? i : { problem: "A group is empty", advice: "Give it a regular expression, or write `\\(\\)`" };
  }
  return { problem: "A `(` is not closed", advice: "Add the `)`, or write `\\(`" };
}
