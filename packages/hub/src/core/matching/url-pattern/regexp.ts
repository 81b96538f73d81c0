import { invalidPattern } from "./tokens.ts";

/**
 * The ASCII characters that one place of a regular expression accepts. The index is the code, 1 is
 * yes.
 */
export type CharSet = Uint8Array;

/**
 * A regular expression without the parts that never affect whether it matches: captures and greed.
 */
export type Expression =
  | { readonly kind: "char"; readonly set: CharSet }
  | { readonly kind: "sequence"; readonly items: readonly Expression[] }
  | { readonly kind: "choice"; readonly items: readonly Expression[] }
  | Repeat
  /**
   * At least one of the items, in their order, with the separator between them. URI templates need
   * it.
   */
  | { readonly kind: "some"; readonly items: readonly Expression[]; readonly separator: Expression }
  | { readonly kind: "assert"; readonly what: Assertion };

/** An expression from `min` to `max` times. `max` can be infinite. */
export interface Repeat {
  readonly kind: "repeat";
  readonly item: Expression;
  readonly min: number;
  readonly max: number;
}

export type Assertion = "start" | "end" | "boundary" | "interior";

/** Nesting is recursion here, and must not exhaust the stack. */
const MAX_DEPTH = 200;

const ASSERTIONS: Readonly<Record<string, Assertion>> = { "^": "start", $: "end", "\\b": "boundary", "\\B": "interior" };

const ASCII = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));

/**
 * Parses a regular expression with the flag `v`, over ASCII text, because URLs have no other
 * characters.
 *
 * @param source - The expression. The platform's own parser checks the source first, so that it is
 *   known to be well-formed. The platform never runs the expression, because its matcher can take
 *   exponential time.
 * @throws PatternError if the expression is malformed, or cannot be matched in linear time.
 */
export function parseRegExp(source: string): Expression {
  try {
    new RegExp(source, "v");
  } catch (error) {
    const hint = "Note that `( ) [ ] { } / - |` need a `\\` inside brackets";
    throw invalidPattern(`\`${source}\` is not a regular expression of JavaScript with the flag \`v\`. ${hint}.`, error);
  }
  return new Parser(source).parse();
}

class Parser {
  readonly #source: string;
  readonly #sets = new Map<string, CharSet>();
  #index = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Expression {
    return this.#choice();
  }

  #choice(): Expression {
    if (++this.#depth > MAX_DEPTH) throw invalidPattern(`It nests more than ${MAX_DEPTH} groups. Use fewer.`);
    const items = [this.#sequence()];
    while (this.#take("|")) items.push(this.#sequence());
    this.#depth--;
    return items.length === 1 && items[0] !== undefined ? items[0] : { kind: "choice", items };
  }

  #sequence(): Expression {
    const items: Expression[] = [];
    while (this.#index < this.#source.length && !this.#at("|") && !this.#at(")")) items.push(this.#quantified(this.#atom()));
    return { kind: "sequence", items };
  }

  #quantified(item: Expression): Expression {
    const [text, quantifier = "", min = "", comma, max = ""] = this.#match(/([*+?]|\{(\d+)(?:(,)(\d*))?\})\??/y) ?? [];
    if (text === undefined) return item;
    if (quantifier === "*") return { kind: "repeat", item, min: 0, max: Infinity };
    if (quantifier === "+") return { kind: "repeat", item, min: 1, max: Infinity };
    if (quantifier === "?") return { kind: "repeat", item, min: 0, max: 1 };
    return { kind: "repeat", item, min: Number(min), max: comma === undefined ? Number(min) : max === "" ? Infinity : Number(max) };
  }

  #atom(): Expression {
    const assertion = this.#match(/[$^]|\\[bB]/y)?.[0];
    if (assertion !== undefined) return { kind: "assert", what: ASSERTIONS[assertion] ?? "start" };
    if (this.#at("(")) return this.#group();
    if (this.#at("[")) return this.#char(this.#class());
    // One escape, complete.
    const escape = this.#match(/\\(?:u\{[^}]*\}|u[^]{4}|x[^]{2}|c[^]|[pP]\{[^}]*\}|[^])/y)?.[0];
    if (escape === undefined) return this.#char(this.#source.charAt(this.#index++));
    if (/^\\[1-9k]/.test(escape)) throw unsupported(escape, "a reference to another group");
    return this.#char(escape);
  }

  #group(): Expression {
    const opening = this.#match(/\((?:\?(?:<[=!]|[=!]|<[^>]*>|[^:)]*:))?/y)?.[0] ?? "";
    if (/^\(\?<?[=!]/.test(opening)) throw unsupported(opening, "look-ahead or look-behind");
    if (/^\(\?[^:<]/.test(opening)) throw unsupported(opening, "flags inside it");
    const inner = this.#choice();
    this.#index++;
    return inner;
  }

  /** The source of a class in brackets, which with the flag `v` may hold other classes. */
  #class(): string {
    const start = this.#index;
    let depth = 0;
    do {
      if (this.#at("[")) depth++;
      else if (this.#at("]")) depth--;
      else if (this.#at("\\q")) throw unsupported("\\q", "strings in a class");
      else if (this.#at("\\")) this.#index++;
      this.#index++;
    } while (depth > 0);
    return this.#source.slice(start, this.#index);
  }

  #char(source: string): Expression {
    let set = this.#sets.get(source);
    if (set === undefined) {
      set = charSet(source);
      this.#sets.set(source, set);
    }
    return { kind: "char", set };
  }

  #at(text: string): boolean {
    return this.#source.startsWith(text, this.#index);
  }

  #take(text: string): boolean {
    const found = this.#at(text);
    if (found) this.#index += text.length;
    return found;
  }

  #match(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.#index;
    const found = sticky.exec(this.#source);
    if (found !== null) this.#index = sticky.lastIndex;
    return found;
  }
}

/**
 * The characters that a class, an escape or a character accepts. The platform decides one character
 * at a time, which is safe.
 */
function charSet(source: string): CharSet {
  const set = new Uint8Array(128);
  if (source.length === 1 && source !== ".") set[source.charCodeAt(0)] = 1;
  else for (const { index } of ASCII.matchAll(new RegExp(source, "gv"))) set[index] = 1;
  return set;
}

function unsupported(source: string, what: string): Error {
  return invalidPattern(`A regular expression has ${what} (\`${source}\`), which cannot be matched in linear time. Write it without.`);
}
