import { createAutomaton, type TextMatcher } from "./automaton.ts";
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
  const prefix = first?.type === "fixed" && first.modifier === "" ? first.value : "";
  if (parts.length === 0 || (parts.length === 1 && prefix !== "")) return new LiteralMatcher(prefix);
  if (parts.length === 1 && first?.type === "wildcard" && first.prefix + first.suffix + first.modifier === "") return undefined;
  return createAutomaton(compileProgram(parseRegExp(toRegularExpression(parts, options.delimiter))), prefix);
}

class LiteralMatcher implements TextMatcher {
  readonly weight = 0;
  readonly prefix: string;

  constructor(text: string) {
    this.prefix = text;
  }

  test(text: string): boolean {
    return text === this.prefix;
  }
}
