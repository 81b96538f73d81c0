import { AT_BOUNDARY, AT_END, AT_START, CHAR, IN_INTERIOR, MATCH, SPLIT, type Program } from "./program.ts";
import type { CharSet } from "./regexp.ts";

/**
 * The places in a program that some text can lead to, and the context of that text for assertions
 * there.
 */
export interface Front {
  /**
   * The first `size` are instructions. Sized once for all instructions, so that a step allocates
   * nothing.
   */
  readonly places: Uint16Array;
  size: number;
  atStart: boolean;
  afterWord: boolean;
}

/** Tells whether a character counts as part of a word, for `\b`. */
const WORD: CharSet = Uint8Array.from({ length: 128 }, (_, code) => Number(/\w/.test(String.fromCharCode(code))));

/**
 * Runs all paths through a program at once, character by character. A step visits each instruction
 * once at most, so the time is linear in the text, for any pattern.
 */
export class Simulation {
  readonly program: Program;
  /**
   * The class of each ASCII character. Characters of one class are in the same sets, so they lead
   * to the same front.
   */
  readonly classOf: Uint8Array;
  readonly classCount: number;
  /**
   * Whether characters of the class are part of a word. All false if no assertion needs to know.
   */
  readonly isWord: readonly boolean[];
  /** Instructions visited so far, as a measure of the time spent. */
  visits = 0;
  /** Whether a set has a class, at index: the set's number × `classCount` + the class. */
  readonly #accepts: Uint8Array;
  readonly #stack: Uint16Array;
  readonly #marks: Uint32Array;
  readonly #chars: Uint16Array;
  #charCount = 0;
  #mark = 0;

  constructor(program: Program) {
    const size = program.op.length;
    this.program = program;
    this.#stack = new Uint16Array(size + 1);
    this.#marks = new Uint32Array(size);
    this.#chars = new Uint16Array(size);
    const sets = program.hasBoundaries ? [WORD, ...program.sets] : program.sets;
    const { classOf, representatives } = classify(sets);
    this.classOf = classOf;
    this.classCount = representatives.length;
    this.isWord = representatives.map((code) => program.hasBoundaries && WORD[code] === 1);
    this.#accepts = Uint8Array.from(program.sets.flatMap((set) => representatives.map((code) => set[code] ?? 0)));
  }

  /** The front before the text. */
  start(): Front {
    const front = this.empty();
    front.places[front.size++] = this.program.start;
    front.atStart = true;
    return front;
  }

  empty(): Front {
    return { places: new Uint16Array(this.program.op.length), size: 0, atStart: false, afterWord: false };
  }

  /** Goes from one front over a character of the class to the next front. */
  step(from: Front, charClass: number, to: Front): void {
    this.prepare(from, this.isWord[charClass] ?? false);
    this.select(charClass, to);
  }

  /**
   * The first half of a step: follows all instructions that take no character. The result depends
   * little on the character.
   */
  prepare(from: Front, beforeWord: boolean): void {
    this.#expand(from, from.afterWord === beforeWord ? IN_INTERIOR : AT_BOUNDARY);
  }

  /**
   * The second half of a step: follows the character.
   *
   * @returns Whether there is a way on.
   */
  select(charClass: number, to: Front): boolean {
    const { next, operand } = this.program;
    const { classCount } = this;
    const [accepts, marks, chars, count, places] = [this.#accepts, this.#marks, this.#chars, this.#charCount, to.places];
    const mark = ++this.#mark;
    let size = 0;
    for (let i = 0; i < count; i++) {
      const place = chars[i] ?? 0;
      if (accepts[(operand[place] ?? 0) * classCount + charClass] === 0) continue;
      const target = next[place] ?? 0;
      if (marks[target] === mark) continue;
      marks[target] = mark;
      places[size++] = target;
    }
    to.size = size;
    to.atStart = false;
    to.afterWord = this.isWord[charClass] ?? false;
    this.visits += count + size;
    return size > 0;
  }

  /** Whether the text may end here. */
  accepts(front: Front): boolean {
    return this.#expand(front, AT_END | (front.afterWord ? AT_BOUNDARY : IN_INTERIOR));
  }

  /**
   * Collects the instructions that take a character, and tells whether the end of the program is
   * among the places.
   */
  #expand(from: Front, around: number): boolean {
    const { op, next, operand } = this.program;
    const { places, size } = from;
    const [stack, marks, chars] = [this.#stack, this.#marks, this.#chars];
    const context = from.atStart ? around | AT_START : around;
    const mark = ++this.#mark;
    let matched = false;
    let count = 0;
    for (let i = 0; i < size; i++) {
      let depth = 0;
      let place = places[i] ?? 0;
      for (;;) {
        if (marks[place] !== mark) {
          marks[place] = mark;
          this.visits++;
          const code = op[place];
          if (code === SPLIT) {
            stack[depth++] = operand[place] ?? 0;
            place = next[place] ?? 0;
            continue;
          }
          if (code === CHAR) chars[count++] = place;
          else if (code === MATCH) matched = true;
          else if (((operand[place] ?? 0) & context) !== 0) {
            place = next[place] ?? 0;
            continue;
          }
        }
        if (depth === 0) break;
        place = stack[--depth] ?? 0;
      }
    }
    this.#charCount = count;
    return matched;
  }
}

/**
 * Splits the ASCII characters into classes that the sets do not tell apart. The first character of
 * a class represents the class.
 */
function classify(sets: readonly CharSet[]): { readonly classOf: Uint8Array; readonly representatives: readonly number[] } {
  const classOf = new Uint8Array(128);
  let representatives = [0];
  for (const set of sets) {
    const numbers = new Map<number, number>();
    representatives = [];
    for (let code = 0; code < 128; code++) {
      const key = (classOf[code] ?? 0) * 2 + (set[code] ?? 0);
      const number = numbers.get(key) ?? representatives.push(code) - 1;
      numbers.set(key, number);
      classOf[code] = number;
    }
  }
  return { classOf, representatives };
}
