/** What a variable can be. */
export type Value = string | readonly string[] | ReadonlyMap<string, string> | undefined;

/** A template as an oracle takes it: text, and expressions. */
export type Piece = string | { readonly operator: string; readonly variables: readonly { name: string; modifier: string; value: Value }[] };

const TABLE: Readonly<Record<string, readonly [first: string, separator: string, named: boolean, ifEmpty: string]>> = {
  "": ["", ",", false, ""],
  "+": ["", ",", false, ""],
  "#": ["#", ",", false, ""],
  ".": [".", ".", false, ""],
  "/": ["/", "/", false, ""],
  ";": [";", ";", true, ""],
  "?": ["?", "&", true, "="],
  "&": ["&", "&", true, "="],
};

/** The template's text. */
export function write(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) =>
      typeof piece === "string"
        ? piece
        : `{${piece.operator}${piece.variables.map(({ name, modifier }) => `${name}${modifier}`).join(",")}}`,
    )
    .join("");
}

/** Expands it by the algorithm of RFC 6570, 3.2.1, step by step and without a thought of matching. */
export function expand(pieces: readonly Piece[]): string {
  return pieces.map((piece) => (typeof piece === "string" ? encodeReserved(piece) : expandOne(piece))).join("");
}

function expandOne({ operator, variables }: Exclude<Piece, string>): string {
  const [first, separator, named, ifEmpty] = TABLE[operator] as (typeof TABLE)[string];
  const encode = operator === "+" || operator === "#" ? encodeReserved : encodeUnreserved;
  const withName = (name: string, value: string): string => `${name}${value === "" ? ifEmpty : `=${value}`}`;
  const results: string[] = [];
  for (const { name, modifier, value } of variables) {
    if (value === undefined || (typeof value !== "string" && count(value) === 0)) continue;
    if (typeof value === "string") {
      const used = modifier.startsWith(":")
        ? Array.from(value)
            .slice(0, Number(modifier.slice(1)))
            .join("")
        : value;
      results.push(named ? withName(name, encode(used)) : encode(used));
      continue;
    }
    if (modifier === "*") {
      const items = isList(value)
        ? value.map((item) => (named ? withName(name, encode(item)) : encode(item)))
        : Array.from(value, ([key, item]) => (named ? withName(encode(key), encode(item)) : `${encode(key)}=${encode(item)}`));
      results.push(items.join(separator));
    } else {
      const flat = isList(value) ? value : Array.from(value).flat();
      const text = flat.map(encode).join(",");
      results.push(named ? withName(name, text) : text);
    }
  }
  return results.length === 0 ? "" : first + results.join(separator);
}

function isList(value: Exclude<Value, string | undefined>): value is readonly string[] {
  return Array.isArray(value);
}

function count(value: Exclude<Value, string | undefined>): number {
  return isList(value) ? value.length : value.size;
}

function encodeUnreserved(text: string): string {
  return Array.from(text, (one) => (/^[\w.~-]$/.test(one) ? one : octets(one))).join("");
}

/** Percent-encoded triplets stay too. */
function encodeReserved(text: string): string {
  return text.replaceAll(/%[\da-f]{2}|[^]/giu, (one) => (/^(?:%..|[\w.~:/?#[\]@!$&'()*+,;=-])$/.test(one) ? one : octets(one)));
}

function octets(one: string): string {
  return Array.from(new TextEncoder().encode(one), (octet) => `%${octet.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
