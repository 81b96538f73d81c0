export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const OPEN_LIST = 0x5b;
export const OPEN_OBJECT = 0x7b;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
export const BACKSLASH = 0x5c;
const LETTER_E = 0x65;
const LETTER_U = 0x75;

/** Start of the next token. @see RFC 8259, section 2. */
export function skipSpace(text: string, start: number): number {
  for (let i = start; ; i++) {
    const code = text.charCodeAt(i);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return i;
  }
}

/**
 * Finds the end of a JSON string, quotes included.
 *
 * @returns -1 if no valid string begins there.
 * @see RFC 8259, section 7.
 */
export function endOfText(text: string, start: number): number {
  if (text.charCodeAt(start) !== QUOTE) return -1;
  for (let i = start + 1; ; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i + 1;
    if (code === BACKSLASH) {
      i++;
      if (text.charCodeAt(i) === LETTER_U) {
        for (const end = i + 4; i < end;) if (!isHexDigit(text.charCodeAt(++i))) return -1;
      } else if (!ESCAPED.has(text.charCodeAt(i))) return -1;
    }
    // At the end of the document the code is NaN.
    else if (!(code >= 0x20)) return -1;
  }
}

/** The characters that may follow a backslash, except `u`. */
const ESCAPED: ReadonlySet<number> = new Set(Array.from('"\\/bfnrt', (character) => character.charCodeAt(0)));

const WORDS: readonly string[] = ["true", "false", "null"];

/**
 * Finds the end of a JSON number, `true`, `false` or `null`.
 *
 * @returns -1 if none begins there.
 * @see RFC 8259, sections 3 and 6.
 */
export function endOfPlain(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first !== MINUS && !isDigit(first)) {
    const word = WORDS.find((one) => text.startsWith(one, start));
    return word === undefined ? -1 : start + word.length;
  }
  let i = first === MINUS ? start + 1 : start;
  if (text.charCodeAt(i) === ZERO) i++;
  else if ((i = skipDigits(text, i)) < 0) return -1;
  if (text.charCodeAt(i) === DOT && (i = skipDigits(text, i + 1)) < 0) return -1;
  if ((text.charCodeAt(i) | 0x20) !== LETTER_E) return i;
  i++;
  const sign = text.charCodeAt(i);
  return skipDigits(text, sign === PLUS || sign === MINUS ? i + 1 : i);
}

/** @returns -1 without any digit. */
function skipDigits(text: string, start: number): number {
  let i = start;
  while (isDigit(text.charCodeAt(i))) i++;
  return i === start ? -1 : i;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

function isHexDigit(code: number): boolean {
  const letter = code | 0x20;
  return isDigit(code) || (letter >= 0x61 && letter <= 0x66);
}
