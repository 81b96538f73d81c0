import type { CharSet, Expression } from "../url-pattern/index.ts";
import { spellUnit } from "./ascii.ts";
import type { Operator, TemplatePart, Variable } from "./parse.ts";

/** How an operator expands its variables (RFC 6570, appendix A). */
interface Style {
  readonly first: string;
  readonly separator: string;
  /** Whether values come with their variable's name. */
  readonly named: boolean;
  /** Whether an empty value leaves the `=` out. */
  readonly bare: boolean;
  /** Whether reserved characters stay as they are. */
  readonly reserved: boolean;
}

const PLAIN: Style = { first: "", separator: ",", named: false, bare: false, reserved: false };
const STYLES: Readonly<Record<Operator, Style>> = {
  "": PLAIN,
  "+": { ...PLAIN, reserved: true },
  "#": { ...PLAIN, first: "#", reserved: true },
  ".": { ...PLAIN, first: ".", separator: "." },
  "/": { ...PLAIN, first: "/", separator: "/" },
  ";": { ...PLAIN, first: ";", separator: ";", named: true, bare: true },
  "?": { ...PLAIN, first: "?", separator: "&", named: true },
  "&": { ...PLAIN, first: "&", separator: "&", named: true },
};

const setOf = (accepts: RegExp): CharSet => Uint8Array.from({ length: 128 }, (_, code) => Number(accepts.test(String.fromCharCode(code))));
const char = (accepts: RegExp): Expression => ({ kind: "char", set: setOf(accepts) });
const sequence = (...items: readonly Expression[]): Expression => ({ kind: "sequence", items });
const choice = (...items: readonly Expression[]): Expression => ({ kind: "choice", items });
const repeat = (item: Expression, min: number, max: number): Expression => ({ kind: "repeat", item, min, max });
const optional = (item: Expression): Expression => repeat(item, 0, 1);
const joined = (item: Expression, separator: Expression): Expression => sequence(item, repeat(sequence(separator, item), 0, Infinity));

/**
 * Sets of single characters. The same character always gives the same set object, so that the
 * automaton sees that they are equal.
 */
const SINGLE: readonly Expression[] = Array.from({ length: 128 }, (_, code) => ({
  kind: "char",
  set: Uint8Array.from({ length: 128 }, (_unused, other) => Number(other === code)),
}));
const text = (ascii: string): Expression => sequence(...Array.from(ascii, (one) => SINGLE[one.charCodeAt(0)] as Expression));

const PERCENT = text("%");
const HEX = char(/[\da-f]/i);
const TRAIL = sequence(PERCENT, char(/[89ab]/i), HEX);
const OCTET = sequence(PERCENT, HEX, HEX);
/** One character, percent-encoded: one to four octets of UTF-8. */
const ENCODED = choice(
  sequence(PERCENT, char(/[0-7]/), HEX),
  sequence(PERCENT, char(/[cd]/i), HEX, TRAIL),
  sequence(PERCENT, char(/e/i), HEX, TRAIL, TRAIL),
  sequence(PERCENT, char(/f/i), char(/[0-7]/), TRAIL, TRAIL, TRAIL),
);
const UNRESERVED = char(/[\w.~-]/);
const UNRESERVED_OR_COMMA = char(/[\w.~,-]/);
const UNRESERVED_OR_RESERVED = char(/[\w.~:/?#[\]@!$&'()*+,;=-]/);

/**
 * Builds an expression of all expansions of a template, for any values of its variables, in the
 * spelling of `toAscii`.
 */
export function toExpression(parts: readonly TemplatePart[]): Expression {
  return sequence(
    ...parts.map((part) =>
      part.kind === "literal" ? sequence(...Array.from(part.text, literal)) : expansions(STYLES[part.operator], part.variables),
    ),
  );
}

/**
 * "If the literal character is not allowed in the URI syntax, it is percent-encoded", but topics
 * are IRIs and may have the plain character.
 */
function literal(one: string): Expression {
  return one <= "\x7f" ? text(one) : choice(text(spellUnit(one)), text(encodeURIComponent(one)));
}

function expansions(style: Style, variables: readonly Variable[]): Expression {
  const items = variables.map((variable) => (style.named ? namedValues(style, variable) : values(style, variable)));
  const [first, separator] = [text(style.first), text(style.separator)];
  // Any of the variables can be undefined, and then leaves nothing, not even its separator.
  if (style.first === style.separator) return sequence(...items.map((item) => optional(sequence(first, item))));
  return optional(sequence(first, { kind: "some", items, separator }));
}

/**
 * A value without a name: text, the items of a list with commas between them, or the items of an
 * exploded list.
 */
function values({ separator, reserved }: Style, { explode, maxLength }: Variable): Expression {
  if (maxLength !== undefined) return repeat(choice(reserved ? UNRESERVED_OR_RESERVED : UNRESERVED, ENCODED), 0, maxLength);
  if (reserved) return repeat(choice(UNRESERVED_OR_RESERVED, OCTET), 0, Infinity);
  if (!explode) return repeat(choice(UNRESERVED_OR_COMMA, OCTET), 0, Infinity);
  const item = repeat(choice(UNRESERVED, OCTET), 0, Infinity);
  return choice(joined(item, text(separator)), joined(sequence(item, text("="), item), text(separator)));
}

function namedValues({ separator, bare }: Style, { name, explode, maxLength }: Variable): Expression {
  const least = bare ? 1 : 0;
  const assigned = (value: Expression): Expression => (bare ? optional(sequence(text("="), value)) : sequence(text("="), value));
  if (explode) {
    // The keys of an exploded map take the place of the name, so this covers every list too.
    const key = repeat(choice(UNRESERVED, OCTET), 0, Infinity);
    return joined(sequence(key, assigned(repeat(choice(UNRESERVED, OCTET), least, Infinity))), text(separator));
  }
  const value =
    maxLength === undefined
      ? repeat(choice(UNRESERVED_OR_COMMA, OCTET), least, Infinity)
      : repeat(choice(UNRESERVED, ENCODED), least, maxLength);
  return sequence(text(name), assigned(value));
}
