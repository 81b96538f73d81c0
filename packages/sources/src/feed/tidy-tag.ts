/** A parsed start tag. */
export interface StartTag {
  /** As written. */
  readonly name: string;
  /** The attributes in well-formed XML, with a space before each. */
  readonly attributes: string;
  readonly selfClosing: boolean;
  /** Index where the text goes on. */
  readonly end: number;
}

/** Most attributes of one element. Further attributes are left out. */
const MAX_ATTRIBUTES = 64;

const NAME = /[A-Za-z_\u0080-\uffff][\w.:\u0080-\uffff-]*/y;
const ATTRIBUTE_NAME = /[^\s=/>"'<]+/y;
const BARE_VALUE = /[^\s"'<>]+/y;
const SPACE = /\s*/y;

/** An ampersand that begins no character reference. */
const STRAY_AMPERSAND = /&(?!#\d{1,7};|#x[\da-f]{1,6};|[a-z][a-z\d]{1,31};)/gi;

/**
 * Escapes each `&` that begins no reference. The HTML rules would turn `&copy=2` in a link's
 * address into `©=2`. Reference names unknown to XML pass, because the parser knows HTML's names.
 */
export function escapeStrayAmpersands(text: string): string {
  return text.includes("&") ? text.replace(STRAY_AMPERSAND, "&amp;") : text;
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

/** The name of a tag that begins at an index, or an empty text if no tag begins there. */
export function readName(text: string, at: number): string {
  return match(NAME, text, at);
}

/**
 * The value of an attribute, and the index where the text goes on. A missing end quote is assumed
 * at `<` or the end of the text.
 */
function readValue(text: string, at: number): { value: string; end: number } | undefined {
  const quote = text[at];
  if (quote !== '"' && quote !== "'") {
    const value = match(BARE_VALUE, text, at);
    return { value, end: at + value.length };
  }
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === quote) return { value: text.slice(at + 1, end), end: end + 1 };
    if (text[end] === "<") break;
  }
  return undefined;
}

/**
 * Reads a start tag. The work is bounded by the distance to the next `<`, even for a broken tag.
 *
 * @param at - The index of the tag's `<`.
 * @returns Undefined for a `<` in text, or a tag that is cut off.
 */
export function readStartTag(text: string, at: number): StartTag | undefined {
  const name = readName(text, at + 1);
  if (name === "") return undefined;
  let index = at + 1 + name.length;
  let attributes = "";
  let attributeCount = 0;
  let selfClosing = false;
  for (;;) {
    index += match(SPACE, text, index).length;
    const character = text[index];
    if (character === undefined || character === "<") return undefined;
    if (character === ">") return { name, attributes, selfClosing, end: index + 1 };
    const attribute = match(ATTRIBUTE_NAME, text, index);
    if (attribute === "") {
      selfClosing = character === "/";
      index += 1;
      continue;
    }
    selfClosing = false;
    index += attribute.length;
    const assign = index + match(SPACE, text, index).length;
    let value = "";
    if (text[assign] === "=") {
      index = assign + 1;
      index += match(SPACE, text, index).length;
      const read = readValue(text, index);
      // An unclosed quote. The text after it is read as attributes, up to the end of the tag.
      if (read === undefined) index += 1;
      else ({ value, end: index } = read);
    }
    attributeCount += 1;
    if (attributeCount <= MAX_ATTRIBUTES && readName(attribute, 0) === attribute) {
      attributes += ` ${attribute}="${escapeStrayAmpersands(value).replaceAll('"', "&quot;")}"`;
    }
  }
}
