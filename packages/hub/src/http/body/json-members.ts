/** A member of a JSON object, as it is written. */
export interface RawMember {
  /** Where the value's text begins and ends in the document. There may be white space around it. */
  readonly start: number;
  readonly end: number;
  /** Levels of lists and objects in the value; 0 for a text, a number, true, false or null. */
  readonly depth: number;
  /** How often the object has the name. `JSON.parse` takes the last one, as this does. */
  readonly count: number;
}

/** The members of one object, by name. */
export type RawMembers = ReadonlyMap<string, RawMember>;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Finds the members of a JSON object, or of each object in a list: `JSON.parse` rounds numbers, sorts keys that are numbers, and hides names that occur twice. One
 * pass, whose memory depends on the wanted names alone.
 *
 * @param text - A document that `JSON.parse` takes; of anything else the answer means nothing.
 * @param isWanted - Which names are of interest.
 */
export function rawMembers(text: string, isWanted: (name: string) => boolean): readonly RawMembers[] {
  const objects: Map<string, RawMember>[] = [];
  /** Levels around a member: one of the object, and one of the list around it. */
  const level = /^\s*\[/.test(text) ? 2 : 1;
  let depth = 0;
  let deepest = 0;
  let members: Map<string, RawMember> | undefined;
  let name: string | undefined;
  let start = -1;
  const endMember = (end: number): void => {
    if (members !== undefined && name !== undefined && start >= 0) {
      const count = (members.get(name)?.count ?? 0) + 1;
      members.set(name, { start, end, depth: deepest - level, count });
    }
    name = undefined;
    start = -1;
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const end = endOfText(text, i);
      if (depth === level && members !== undefined && start < 0) {
        const found = nameIn(text, i, end);
        name = isWanted(found) ? found : undefined;
      }
      i = end;
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      depth++;
      if (depth > deepest) deepest = depth;
      if (depth !== level) continue;
      members = code === OPEN_OBJECT ? new Map() : undefined;
      if (members !== undefined) objects.push(members);
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
      if (depth === level) {
        endMember(i);
        members = undefined;
      }
      depth--;
    } else if (depth === level && members !== undefined) {
      if (code === COLON) {
        start = i + 1;
        deepest = depth;
      } else if (code === COMMA) endMember(i);
    }
  }
  return objects;
}

/** The place of the quote that ends a text. @param start - Of the quote that begins it. */
export function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text.charCodeAt(first - 1) === BACKSLASH) first--;
    if ((end - first) % 2 === 0) return end;
  }
  return text.length;
}

function nameIn(text: string, start: number, end: number): string {
  const name = text.slice(start + 1, end);
  return name.includes("\\") ? (JSON.parse(text.slice(start, end + 1)) as string) : name;
}
