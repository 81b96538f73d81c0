import jsep, { type Expression } from "jsep";
import { add, divide, fromDecimal, multiply, negate, NoValueError, power, type Rational, remainder, squareRoot } from "./rational.ts";

// In jsep, `^` is JavaScript's. Here `^` is the power, which binds most and from the right.
jsep.addBinaryOp("^", 11, true);

/** Deepest expression. Each level is a call. */
const MAX_DEPTH = 100;

const PERCENT: Rational = { numerator: 1n, denominator: 100n, exact: true };
const ONE: Rational = { numerator: 1n, denominator: 1n, exact: true };

/**
 * Computes an expression of numbers, `+ - * / % ^`, and the functions of {@link FUNCTIONS}. Every
 * other part of jsep's language is refused.
 *
 * @returns Undefined if the text is no sum.
 * @throws NoValueError if the expression has no value, or a value beyond the bounds.
 */
export function evaluate(expression: string): Rational | undefined {
  let tree: Expression;
  try {
    tree = jsep(expression);
  } catch {
    // Not an expression.
    return undefined;
  }
  return valueOf(tree, 0);
}

/** `g(x)` is a bracket, `pct(x)` a percentage, `sqrt(x)` the square root. */
const FUNCTIONS: Readonly<Record<string, (value: Rational) => Rational>> = {
  g: (value) => value,
  pct: (value) => multiply(value, PERCENT),
  sqrt: squareRoot,
};

function valueOf(node: unknown, depth: number): Rational | undefined {
  if (depth > MAX_DEPTH) throw new NoValueError("large");
  const { type, ...parts } = node as Expression;
  // The text of the number, because 0.1 as a number is not exactly a tenth.
  if (type === "Literal")
    return typeof parts["value"] === "number" && typeof parts["raw"] === "string" ? fromDecimal(parts["raw"]) : undefined;
  if (type === "UnaryExpression") return signed(parts["operator"], valueOf(parts["argument"], depth + 1));
  if (type === "CallExpression") return called(parts, depth);
  return type === "BinaryExpression" ? combined(parts, depth) : undefined;
}

function signed(operator: unknown, value: Rational | undefined): Rational | undefined {
  if (value === undefined || (operator !== "-" && operator !== "+")) return undefined;
  return operator === "-" ? negate(value) : value;
}

function called(call: Readonly<Record<string, unknown>>, depth: number): Rational | undefined {
  const name = functionName(call);
  const [argument, ...others] = call["arguments"] as readonly unknown[];
  if (name === undefined || argument === undefined || others.length > 0) return undefined;
  const value = valueOf(argument, depth + 1);
  return value === undefined ? undefined : FUNCTIONS[name]?.(value);
}

function functionName({ callee }: Readonly<Record<string, unknown>>): string | undefined {
  const { type, name } = callee as Expression;
  return type === "Identifier" && typeof name === "string" && Object.hasOwn(FUNCTIONS, name) ? name : undefined;
}

function combined({ operator, left, right }: Readonly<Record<string, unknown>>, depth: number): Rational | undefined {
  const first = left as Expression;
  // A sign binds less than a power: -2^2 is -4. jsep binds every sign at once.
  if (operator === "^" && first.type === "UnaryExpression") {
    return signed(first["operator"], combined({ operator, left: first["argument"], right }, depth + 1));
  }
  const a = valueOf(left, depth + 1);
  const b = valueOf(right, depth + 1);
  if (a === undefined || b === undefined) return undefined;
  // As on a calculator, a percentage counts of the number before: 50 + 10% is 55.
  const isShare = (right as Expression).type === "CallExpression" && functionName(right as Expression) === "pct";
  switch (operator) {
    case "+":
      return isShare ? multiply(a, add(ONE, b)) : add(a, b);
    case "-":
      return isShare ? multiply(a, add(ONE, negate(b))) : add(a, negate(b));
    case "*":
      return multiply(a, b);
    case "/":
      return divide(a, b);
    case "%":
      return remainder(a, b);
    case "^":
      return power(a, b);
    default:
      return undefined;
  }
}
