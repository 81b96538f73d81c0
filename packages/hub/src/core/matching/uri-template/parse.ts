/** One variable of an expression. */
export interface Variable {
  readonly name: string;
  /** Whether each item of a list is expanded on its own: `{list*}`. */
  readonly explode: boolean;
  /** Most characters of the value that are used: `{name:3}`. Undefined for all. */
  readonly maxLength: number | undefined;
}

/**
 * The character before the first variable of an expression, which says how all are expanded. Empty
 * for none.
 */
export type Operator = "" | "+" | "#" | "." | "/" | ";" | "?" | "&";

/** A piece of a template: text, or an expression in braces. */
export type TemplatePart =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "expression"; readonly operator: Operator; readonly variables: readonly Variable[] };

/** The apostrophe is included since erratum 6937. */
const LITERAL = /^(?:[^\p{Cc} "%<>\\^`{|}]|%[\da-f]{2})*$/iu;
const VARIABLE = /^((?:\w|%[\da-f]{2})(?:\.?(?:\w|%[\da-f]{2}))*)(?::([1-9]\d{0,3})|(\*))?$/i;

/**
 * Parses a URI template.
 *
 * @returns Undefined for text that the grammar refuses.
 * @see RFC 6570, section 2.
 */
export function parseTemplate(template: string): readonly TemplatePart[] | undefined {
  const parts: TemplatePart[] = [];
  // The text between braces has an odd index here. A misplaced brace is in no literal and in no
  // name.
  for (const [index, piece] of template.split(/\{([^{}]*)\}/).entries()) {
    if (index % 2 === 1) {
      const expression = parseExpression(piece);
      if (expression === undefined) return undefined;
      parts.push(expression);
    } else {
      if (!LITERAL.test(piece)) return undefined;
      if (piece !== "") parts.push({ kind: "literal", text: piece });
    }
  }
  return parts;
}

function parseExpression(text: string): TemplatePart | undefined {
  const operator = (/^[+#./;?&]/.exec(text)?.[0] ?? "") as Operator;
  const variables: Variable[] = [];
  for (const specification of text.slice(operator.length).split(",")) {
    const [, name, length, star] = VARIABLE.exec(specification) ?? [];
    if (name === undefined) return undefined;
    variables.push({ name, explode: star !== undefined, maxLength: length === undefined ? undefined : Number(length) });
  }
  return { kind: "expression", operator, variables };
}
