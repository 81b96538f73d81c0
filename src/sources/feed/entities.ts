/** Names of the characters from U+00A0 on, as HTML 4 gave them. */
const LATIN =
  `nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil
sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc
Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml
aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute
ucirc uuml yacute thorn yuml`.split(/\s+/);

/** Further names that turn up in headlines. */
const OTHERS =
  `quot:" amp:& lt:< gt:> apos:' OElig:Œ oelig:œ Scaron:Š scaron:š Zcaron:Ž zcaron:ž Yuml:Ÿ fnof:ƒ circ:ˆ tilde:˜ ndash:– mdash:—
lsquo:‘ rsquo:’ sbquo:‚ ldquo:“ rdquo:” bdquo:„ dagger:† Dagger:‡ bull:• hellip:… permil:‰ prime:′ Prime:″ lsaquo:‹ rsaquo:› euro:€ trade:™
larr:← uarr:↑ rarr:→ darr:↓ harr:↔ minus:− infin:∞ ne:≠ le:≤ ge:≥ asymp:≈ equiv:≡ radic:√ sum:∑ prod:∏ part:∂ int:∫ check:✓ star:☆ hearts:♥
alpha:α beta:β gamma:γ delta:δ epsilon:ε lambda:λ mu:μ pi:π sigma:σ tau:τ phi:φ omega:ω Delta:Δ Sigma:Σ Omega:Ω excl:! num:# dollar:$
percnt:% lpar:( rpar:) ast:* plus:+ comma:, period:. sol:/ colon:: semi:; equals:= quest:? commat:@ lsqb:[ rsqb:] lowbar:_ grave:\` vert:|`.split(
    /\s+/,
  );

const NAMED: ReadonlyMap<string, string> = new Map([
  ...LATIN.map((name, index): [string, string] => [name, String.fromCodePoint(0xa0 + index)]),
  ...OTHERS.map((pair): [string, string] => {
    const colon = pair.indexOf(":");
    return [pair.slice(0, colon), pair.slice(colon + 1)];
  }),
  ["ensp", " "],
  ["emsp", " "],
  ["thinsp", " "],
  ["zwnj", "\u200c"],
  ["zwj", "\u200d"],
]);

/** The character of a code point that a reference may name; U+FFFD for the others. */
function character(code: number): string {
  return Number.isNaN(code) || code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? "\ufffd" : String.fromCodePoint(code);
}

/**
 * Replaces character references, once. An unknown name stays as it is.
 *
 * @see https://html.spec.whatwg.org/multipage/named-characters.html, of which it knows those that are used in prose.
 */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z][a-z\d]{1,31}));/gi, (reference, hex, decimal, name) => {
    if (typeof hex === "string") return character(Number.parseInt(hex, 16));
    if (typeof decimal === "string") return character(Number.parseInt(decimal, 10));
    return NAMED.get(String(name)) ?? reference;
  });
}
