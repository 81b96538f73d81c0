import type { Expression } from "./regexp.ts";

const SLASH = 0x2f;

/**
 * Finds the literal parts of all texts that match an expression. The first part is the start of the
 * text. Each further part begins with a `/`, and stands at the first `/` after the part before.
 *
 * The parts do not say what else a text has. They decide which patterns are worth a test.
 */
export function literalsOf(expression: Expression): readonly string[] {
  const literals: string[] = [];
  // Undefined after something that has no `/`, whose end is the next `/`.
  let literal: string | undefined = "";
  for (const item of flat(expression)) {
    if (item.kind === "assert") continue;
    const character = onlyCharacter(item);
    if (character !== undefined && (literal !== undefined || character === "/")) literal = (literal ?? "") + character;
    else {
      if (literal !== undefined) literals.push(literal);
      literal = undefined;
      if (mayHaveSlash(item)) break;
    }
  }
  if (literal !== undefined) literals.push(literal);
  return literals;
}

function* flat(expression: Expression): Generator<Expression, undefined> {
  if (expression.kind !== "sequence") yield expression;
  else for (const item of expression.items) yield* flat(item);
}

function onlyCharacter(expression: Expression): string | undefined {
  if (expression.kind !== "char") return undefined;
  const code = expression.set.indexOf(1);
  return code < 0 || expression.set.includes(1, code + 1) ? undefined : String.fromCharCode(code);
}

function mayHaveSlash(expression: Expression): boolean {
  switch (expression.kind) {
    case "char":
      return expression.set[SLASH] === 1;
    case "sequence":
    case "choice":
      return expression.items.some(mayHaveSlash);
    case "repeat":
      return mayHaveSlash(expression.item);
    case "some":
      return mayHaveSlash(expression.separator) || expression.items.some(mayHaveSlash);
    case "assert":
      return false;
  }
}
