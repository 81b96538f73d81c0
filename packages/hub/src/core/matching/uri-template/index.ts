import { compileProgram, createAutomaton, literalsOf, PatternError, type TextMatcher } from "../url-pattern/index.ts";
import { toAscii } from "./ascii.ts";
import { toExpression } from "./expression.ts";
import { parseTemplate } from "./parse.ts";

/** A compiled URI template. Selects topics in time linear in their length, for any template. */
export interface CompiledUriTemplate {
  /** Cost of compiling and keeping the template, in the unit of URL patterns. */
  readonly weight: number;
  /** Prefix of every topic that the template selects, in ASCII. */
  readonly prefix: string;
  /**
   * Literal parts of every topic that the template selects, as {@link literalsOf} finds them. The
   * text of the template has them, too.
   */
  readonly literals: readonly string[];
  test(topic: string): boolean;
}

/**
 * Compiles a template (all levels of RFC 6570). The result selects every topic that is an expansion
 * of the template for some values of its variables: texts, lists and maps. Mercure 0.x has such
 * selectors. They are compared with the topic as published, which is not resolved against the hub's
 * URL.
 *
 * @param template - At most a few KiB, because the time to compile grows with the length.
 * @returns Undefined for text that is no template or has no expression. Such text selects nothing
 *   but itself.
 * @throws PatternError for a template that can't be matched fast.
 */
export function compileUriTemplate(template: string): CompiledUriTemplate | undefined {
  if (!template.includes("{")) return undefined;
  const parts = parseTemplate(template);
  if (parts === undefined) return undefined;
  const expression = toExpression(parts);
  try {
    return new UriTemplate(createAutomaton(compileProgram(expression), literalsOf(expression)));
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new PatternError(
      `The URI template \`${template}\` is too complex to be matched fast. Use fewer variables, or less text after them.`,
      { cause: error },
    );
  }
}

class UriTemplate implements CompiledUriTemplate {
  readonly weight: number;
  readonly prefix: string;
  readonly literals: readonly string[];
  readonly #automaton: TextMatcher;

  constructor(automaton: TextMatcher) {
    this.weight = automaton.weight;
    this.prefix = automaton.literals[0] ?? "";
    this.literals = automaton.literals;
    this.#automaton = automaton;
  }

  test(topic: string): boolean {
    return this.#automaton.test(toAscii(topic));
  }
}
