/** HTML elements without content, which people write without a slash inside a description. */
export const VOID: ReadonlySet<string> = new Set(["br", "hr", "img", "input", "wbr", "area", "col", "embed", "track"]);

/** Names that the parser refuses and no feed needs. */
export const REFUSED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Entry elements of a feed. An entry never contains another. */
export const ENTRIES: ReadonlySet<string> = new Set(["item", "entry"]);

/** Elements that contain plain text alone. */
const PLAIN = new Set(
  `title link guid pubdate lastbuilddate category comments updated published id modified issued created language copyright generator docs ttl
  managingeditor webmaster author enclosure rights`.split(/\s+/),
);

/** Elements whose text may contain HTML. */
const RICH = new Set(["description", "content", "summary", "content:encoded", "subtitle", "tagline"]);

/** Start tags that end an unclosed plain element. */
const ENDS_PLAIN = new Set([...PLAIN, ...RICH, ...ENTRIES, "channel", "image", "textinput", "cloud", "source"]);

/** Start tags that end an unclosed rich element, none of which HTML has. */
const ENDS_RICH = new Set([...ENTRIES, "guid", "pubdate", "updated", "published", "issued", "modified", "content:encoded"]);

/** The name without its prefix. */
export function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

/**
 * Decides which open elements a start tag ends, because their end tags were forgotten.
 *
 * @param open - The names of the open elements, lower-cased, the outermost first.
 * @param name - The name of the start tag, lower-cased.
 * @returns How many elements stay open.
 */
export function staysOpen(open: readonly string[], name: string): number {
  if (ENTRIES.has(localName(name))) {
    const same = open.lastIndexOf(name);
    if (same !== -1) return same;
  }
  let keep = open.length;
  for (let index = open.length - 1; index >= 0; index--) {
    const element = open[index] ?? "";
    const ends = RICH.has(element) ? ENDS_RICH.has(name) : PLAIN.has(element) ? endsPlain(element, name) : undefined;
    if (ends === true) keep = index;
    if (ends === false || ENTRIES.has(localName(element))) break;
  }
  return keep;
}

function endsPlain(element: string, name: string): boolean {
  if (ENDS_PLAIN.has(name)) return true;
  // Elements of another vocabulary are siblings. Exceptions are XHTML inside a title, and the parts
  // of an Atom author.
  return name.includes(":") && element !== "author" && !/^x?html?:/.test(name);
}
