import { createAutomaton, type TextMatcher } from "./automaton.ts";
import { literalsOf } from "./literals.ts";
import { parseParts, toRegularExpression, type PartOptions } from "./parts.ts";
import { compileProgram } from "./program.ts";
import { parseRegExp } from "./regexp.ts";

/**
 * Compiles the pattern of one component.
 *
 * @returns Undefined if the pattern matches every text.
 * @throws PatternError if the pattern is malformed, or cannot be matched in bounded time.
 */
export function compileComponent(pattern: string, options: PartOptions): TextMatcher | undefined {
  const parts = parseParts(pattern, options);
  const [first] = parts;
  if (first === undefined) return new LiteralMatcher("");
  if (parts.length === 1 && first.type === "fixed" && first.modifier === "") return new LiteralMatcher(first.value);
  if (parts.length === 1 && first.type === "wildcard" && first.prefix + first.suffix + first.modifier === "") return undefined;
  const expression = parseRegExp(toRegularExpression(parts, options.delimiter));
  return createAutomaton(compileProgram(expression), literalsOf(expression));
}

class LiteralMatcher implements TextMatcher {
  readonly weight = 0;
  readonly literals: readonly string[];
  readonly #text: string;

  constructor(text: string) {
    this.literals = [text];
    this.#text = text;
  }

  test(text: string): boolean {
    return text === this.#text;
  }
}
