import type { Program } from "./program.ts";
import { invalidPattern } from "./tokens.ts";
import { Simulation, type Front } from "./simulation.ts";

/** Tells whether the text of a URL's component, which is always ASCII, matches. */
export interface TextMatcher {
  /** Cost of making and keeping the matcher: instructions visited and entries of its table. */
  readonly weight: number;
  /** Literal parts of every text that matches. See `literalsOf`. */
  readonly literals: readonly string[];
  test(text: string): boolean;
}

/**
 * Entries of the largest table, two bytes each. 50 UUIDs as alternatives, all that 2 KiB can hold,
 * need 35,000.
 */
const MAX_ENTRIES = 40_000;
/**
 * Most instructions visited while a table is made: some 5 ms. The UUIDs cost 42,000, common
 * patterns a few hundred.
 */
const MAX_VISITS = 60_000;

/**
 * Makes the matcher of a program: a table (a deterministic automaton) with one look-up per
 * character of a text, for any pattern. The whole table is made here, so that nobody who picks the
 * topics can make a test slow.
 *
 * @param literals - Literal parts of every text that matches. Most topics differ in the first, and
 *   the comparison is fast.
 * @throws PatternError if the table would be too large. In theory the table can double with each
 *   instruction.
 */
export function createAutomaton(program: Program, literals: readonly string[]): TextMatcher {
  const [prefix = ""] = literals;
  const simulation = new Simulation(program);
  let front = simulation.start();
  let spare = simulation.empty();
  for (let i = 0; i < prefix.length; i++) {
    simulation.step(front, simulation.classOf[prefix.charCodeAt(i)] ?? 0, spare);
    [front, spare] = [spare, front];
  }
  return new Automaton(simulation, front, literals);
}

/** The state from which no text matches. */
const DEAD = 0;

class Automaton implements TextMatcher {
  readonly weight: number;
  readonly literals: readonly string[];
  readonly #prefix: string;
  readonly #classOf: Uint8Array;
  readonly #classCount: number;
  readonly #start: number;
  /**
   * Number of the next state, at index: number of the state × count of classes + the character's
   * class.
   */
  readonly #next: Uint16Array;
  /** By a state's number: whether the text may end there. */
  readonly #accepting: Uint8Array;

  constructor(simulation: Simulation, front: Front, literals: readonly string[]) {
    this.literals = literals;
    this.#prefix = literals[0] ?? "";
    this.#classOf = simulation.classOf;
    this.#classCount = simulation.classCount;
    const states = new States(simulation);
    this.#start = states.numberOf(front);
    states.followAll();
    this.#next = new Uint16Array(states.rows.length * simulation.classCount);
    states.rows.forEach((row, state) => this.#next.set(row, state * simulation.classCount));
    this.#accepting = Uint8Array.from(states.accepting);
    this.weight = simulation.visits + this.#next.length;
  }

  test(text: string): boolean {
    if (!text.startsWith(this.#prefix)) return false;
    const [next, classOf, classCount] = [this.#next, this.#classOf, this.#classCount];
    let state = this.#start;
    for (let i = this.#prefix.length; i < text.length && state !== DEAD; i++) {
      state = next[state * classCount + (classOf[text.charCodeAt(i)] ?? 0)] ?? DEAD;
    }
    return this.#accepting[state] === 1;
  }
}

/** The states of an automaton. Each state is a front that some text leads to. */
class States {
  /** By a state's number: the next state for each class of characters. */
  readonly rows: Uint16Array[] = [];
  readonly accepting: number[] = [];
  readonly #simulation: Simulation;
  readonly #fronts: Front[];
  readonly #numbers = new Map<string, number>();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#fronts = [simulation.empty()];
  }

  /** The number of the state for this front, which is copied if new. Sorts the front's places. */
  numberOf(front: Front): number {
    if (front.size === 0) return DEAD;
    const { places } = front;
    sortStart(places, front.size);
    // A wildcard makes earlier places needless. Without them, a row of wildcards has few states and
    // not the square of their number.
    const { absorbs } = this.#simulation.program;
    let size = 1;
    while (size < front.size && absorbs[places[size - 1] ?? 0] !== 1) size++;
    let key = `${front.atStart ? "^" : ""}${front.afterWord ? "w" : ""},`;
    for (let i = 0; i < size; i++) key += String.fromCharCode(places[i] ?? 0);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#fronts.push({ ...front, places: places.slice(0, size), size }) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }

  /** Finds all states that follow those known so far. */
  followAll(): void {
    const { classCount, isWord } = this.#simulation;
    const words = new Set(isWord);
    const scratch = this.#simulation.empty();
    for (let state = 0; state < this.#fronts.length; state++) {
      const front = this.#fronts[state];
      if (front === undefined || this.#fronts.length * classCount > MAX_ENTRIES || this.#simulation.visits > MAX_VISITS) {
        throw invalidPattern(
          "It is too complex to be matched fast. Use fewer wildcards, repetitions and alternatives, or less text after them.",
        );
      }
      this.accepting.push(this.#simulation.accepts(front) ? 1 : 0);
      const row = new Uint16Array(classCount);
      for (const word of words) {
        // The first half of a step serves all word characters, or all other characters.
        this.#simulation.prepare(front, word);
        for (let charClass = 0; charClass < classCount; charClass++) {
          if (isWord[charClass] !== word || !this.#simulation.select(charClass, scratch)) continue;
          row[charClass] = this.numberOf(scratch);
        }
      }
      this.rows.push(row);
    }
  }
}

/** Longest start that an insertion sort is faster for. Most fronts have one or two places. */
const SHORT = 32;

/** Sorts the first `size` numbers. A call of `sort` for each of many short lists is slow. */
function sortStart(numbers: Uint16Array, size: number): void {
  if (size > SHORT) {
    numbers.subarray(0, size).sort();
    return;
  }
  for (let end = 1; end < size; end++) {
    const number = numbers[end] ?? 0;
    let i = end;
    for (; i > 0 && (numbers[i - 1] ?? 0) > number; i--) numbers[i] = numbers[i - 1] ?? 0;
    numbers[i] = number;
  }
}
