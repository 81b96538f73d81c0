import { atOnce } from "../../core/slices.ts";
import { COMMA, endOfPlain, endOfText, OPEN_LIST, OPEN_OBJECT, QUOTE, skipSpace } from "./json-scan.ts";

/** A member of a JSON object, as written. */
export interface RawMember {
  /** Start and end of the value's text in the document. */
  readonly start: number;
  readonly end: number;
  /** Levels of lists and objects in the value. 0 for a text, a number, true, false or null. */
  readonly depth: number;
  /** How often the object has the name. This member is the last, as for `JSON.parse`. */
  readonly count: number;
}

/** The requested parts of an object. */
export interface RawObject {
  /** The wanted members, by name. */
  readonly members: ReadonlyMap<string, RawMember>;
  /** Names of other members, as often as they occur. */
  readonly others: readonly string[];
  /** Names within the objects that other members have, each as `other[name]`. */
  readonly nested: readonly string[];
}

/** A JSON document that was scanned, not parsed. */
export interface RawDocument {
  readonly isList: boolean;
  /**
   * The document, or the items of its list. Undefined for each item that is no object. A list with
   * more items than wanted is read as far as the first of them.
   */
  readonly objects: readonly (RawObject | undefined)[];
  /** Whether the document is nested deeper than wanted. It is read only so far. */
  readonly isTooDeep: boolean;
}

/** The parts of a document to keep. */
export interface Wanted {
  /** Selects members by name. */
  readonly isWanted: (name: string) => boolean;
  /** Most items of a list. One more is kept as a sign of more. */
  readonly mostObjects: number;
  /** Most names of other members of an object, and most nested ones. One more is kept. */
  readonly mostOthers: number;
  /** Most levels of lists and objects in a member's value. */
  readonly mostDepth: number;
}

const COLON = 0x3a;
/** Offset from an opening bracket's code to the closing bracket's, for both kinds. */
const TO_CLOSING = 2;
/** Characters between two `yield`s, at some 10 ns each. */
const PART_LENGTH = 16 * 1024;

/** Does the work of {@link readingMembers} at once. */
export function readMembers(text: string, wanted: Wanted): RawDocument | undefined {
  return atOnce(readingMembers(text, wanted));
}

/**
 * Checks a JSON document, and finds the members of its object, or of each object in its list.
 *
 * `JSON.parse` would round numbers, sort names that are numbers, and hide names that occur twice.
 * For objects that are all unlike, it needs a tenth of a second for a mebibyte. This single pass
 * builds nothing, and its time depends on the length alone.
 *
 * @returns Undefined if `JSON.parse` would refuse the text.
 * @see RFC 8259.
 */
export function* readingMembers(text: string, wanted: Wanted): Generator<undefined, RawDocument | undefined> {
  let i = skipSpace(text, 0);
  const isList = text.charCodeAt(i) === OPEN_LIST;
  const level = isList ? 2 : 1;
  const keeper = new Keeper(text, level, wanted);
  const mostOpen = level + wanted.mostDepth;
  /** The open brackets. */
  const open: number[] = [];
  /**
   * The next expected token. After an opening bracket the first part or the end, after a value the
   * end or a comma.
   */
  let next: "value" | "name" | "first" | "after" = "value";
  let pauseAt = i + PART_LENGTH;
  for (; ; i = skipSpace(text, i)) {
    if (i >= pauseAt) {
      yield;
      pauseAt = i + PART_LENGTH;
    }
    const code = text.charCodeAt(i);
    const inside = open[open.length - 1];
    if (inside === undefined && next === "after")
      return i === text.length ? { isList, objects: keeper.objects, isTooDeep: false } : undefined;
    if (next === "after" && code === COMMA) {
      next = inside === OPEN_OBJECT ? "name" : "value";
      i++;
    } else if ((next === "after" || next === "first") && inside !== undefined && code === inside + TO_CLOSING) {
      open.pop();
      keeper.ended(++i, open.length);
      next = "after";
    } else if (next === "after") {
      return undefined;
    } else if (next === "name" || (next === "first" && inside === OPEN_OBJECT)) {
      const end = endOfText(text, i);
      if (end < 0) return undefined;
      keeper.named(i, end, open.length);
      i = skipSpace(text, end);
      if (text.charCodeAt(i++) !== COLON) return undefined;
      next = "value";
    } else {
      keeper.begins(i, open.length);
      if (keeper.isFull) return { isList, objects: keeper.objects, isTooDeep: false };
      if (code === OPEN_OBJECT || code === OPEN_LIST) {
        if (open.length === mostOpen) return { isList, objects: keeper.objects, isTooDeep: true };
        keeper.opened(open.push(code));
        next = "first";
        i++;
      } else {
        i = code === QUOTE ? endOfText(text, i) : endOfPlain(text, i);
        if (i < 0) return undefined;
        keeper.ended(i, open.length);
        next = "after";
      }
    }
  }
}

/** Keeps the wanted parts of a document. Depths are numbers of open brackets. */
class Keeper {
  readonly objects: (RawObject | undefined)[] = [];
  readonly #text: string;
  /** The depth of the examined members. */
  readonly #level: number;
  readonly #wanted: Wanted;
  /** Undefined outside of an object whose members are kept. */
  #object: { members: Map<string, RawMember>; others: string[]; nested: string[] } | undefined;
  /** Name of the member whose value is being read. Undefined for an unwanted member. */
  #name: string | undefined;
  /** Name of that member if it is unwanted. */
  #other = "";
  #start = 0;
  #deepest = 0;

  constructor(text: string, level: number, wanted: Wanted) {
    this.#text = text;
    this.#level = level;
    this.#wanted = wanted;
  }

  /** Whether the list has more items than wanted. */
  get isFull(): boolean {
    return this.objects.length > this.#wanted.mostObjects;
  }

  named(start: number, end: number, depth: number): void {
    if (this.#object === undefined) return;
    const { others, nested } = this.#object;
    const { isWanted, mostOthers } = this.#wanted;
    if (depth === this.#level) {
      const name = nameIn(this.#text, start, end);
      this.#name = isWanted(name) ? name : undefined;
      this.#other = name;
      if (this.#name === undefined && others.length <= mostOthers) others.push(name);
    } else if (depth === this.#level + 1 && this.#name === undefined && nested.length <= mostOthers) {
      nested.push(`${this.#other}[${nameIn(this.#text, start, end)}]`);
    }
  }

  begins(start: number, depth: number): void {
    if (depth === this.#level) {
      this.#start = start;
      this.#deepest = depth;
    } else if (depth === this.#level - 1) {
      this.#object = this.#text.charCodeAt(start) === OPEN_OBJECT ? { members: new Map(), others: [], nested: [] } : undefined;
      this.objects.push(this.#object);
    }
  }

  opened(depth: number): void {
    if (depth > this.#deepest) this.#deepest = depth;
  }

  ended(end: number, depth: number): void {
    if (depth !== this.#level || this.#object === undefined || this.#name === undefined) return;
    const { members } = this.#object;
    const count = (members.get(this.#name)?.count ?? 0) + 1;
    members.set(this.#name, { start: this.#start, end, depth: this.#deepest - depth, count });
  }
}

function nameIn(text: string, start: number, end: number): string {
  const name = text.slice(start + 1, end - 1);
  return name.includes("\\") ? (JSON.parse(text.slice(start, end)) as string) : name;
}
