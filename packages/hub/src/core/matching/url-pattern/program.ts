import { invalidPattern } from "./tokens.ts";
import type { Assertion, CharSet, Expression, Repeat } from "./regexp.ts";

/** Instructions. `CHAR` goes on after an accepted character, the others without one. */
export const CHAR = 0;
export const SPLIT = 1;
export const ASSERT = 2;
export const MATCH = 3;

/** A nondeterministic automaton as a list of instructions (Thompson's construction). */
export interface Program {
  readonly op: Uint8Array;
  /** Where each instruction goes on. */
  readonly next: Uint16Array;
  /**
   * `SPLIT`: the other way on. `CHAR`: the number of its set. `ASSERT`: the required condition, as
   * one of the bits below.
   */
  readonly operand: Uint16Array;
  /**
   * 1 for the loop of a wildcard that all text has to pass. A text in that loop gains nothing by
   * also being at an earlier place, because the wildcard takes everything that leads on from there.
   * Earlier places have higher numbers.
   */
  readonly absorbs: Uint8Array;
  readonly start: number;
  readonly sets: readonly CharSet[];
  /** Whether there is a `\b` or `\B`, for which the character before a place counts. */
  readonly hasBoundaries: boolean;
}

/** Conditions at a place of the text. Each bit is a condition that an assertion can need. */
export const AT_START = 1;
export const AT_END = 2;
export const AT_BOUNDARY = 4;
export const IN_INTERIOR = 8;
const CONTEXT: Readonly<Record<Assertion, number>> = { start: AT_START, end: AT_END, boundary: AT_BOUNDARY, interior: IN_INTERIOR };

/** Whether a set has all the characters that a URL can have. */
const isWildcard = (set: CharSet): boolean => set.subarray(0x20, 0x7f).every((accepted) => accepted === 1);

/**
 * Stops counted repetitions, `(?:a{1000}){1000}`, from growing without end. Text of 2 KiB,
 * percent-encoded, fits.
 */
const MAX_INSTRUCTIONS = 8192;

/**
 * Compiles an expression, from its end to its start, so that each instruction knows where it goes
 * on.
 *
 * @throws PatternError if the expression is too large.
 */
export function compileProgram(expression: Expression): Program {
  const op: number[] = [];
  const next: number[] = [];
  const operand: number[] = [];
  const loops = new Set<number>();
  const sets: CharSet[] = [];
  const setNumbers = new Map<CharSet, number>();
  const wildcards = new Set<CharSet>();
  let hasBoundaries = false;

  const add = (code: number, to: number, extra: number): number => {
    if (op.length >= MAX_INSTRUCTIONS) throw invalidPattern("Its repetitions are too many. Use smaller counts.");
    next.push(to);
    operand.push(extra);
    return op.push(code) - 1;
  };
  const numberOf = (set: CharSet): number => {
    let number = setNumbers.get(set);
    if (number === undefined) {
      number = sets.push(set) - 1;
      setNumbers.set(set, number);
      if (isWildcard(set)) wildcards.add(set);
    }
    return number;
  };
  /** @param always - Whether all text that matches passes the node exactly once. */
  const emit = (node: Expression, then: number, always: boolean): number => {
    switch (node.kind) {
      case "char":
        return add(CHAR, then, numberOf(node.set));
      case "sequence":
        return node.items.reduceRight((to, item) => emit(item, to, always), then);
      case "choice":
        return node.items.map((item) => emit(item, then, false)).reduceRight((to, entry) => add(SPLIT, entry, to));
      case "assert":
        hasBoundaries ||= node.what === "boundary" || node.what === "interior";
        return add(ASSERT, then, CONTEXT[node.what]);
      case "repeat":
        return emitRepeat(node, then, always);
      case "some":
        return emitSome(node.items, node.separator, then);
    }
  };
  /**
   * Emits each item twice, as the first item and as a later item. Written out, they would grow with
   * the square of their number.
   */
  const emitSome = (items: readonly Expression[], separator: Expression, then: number): number => {
    let later = then;
    let entry: number | undefined;
    for (const item of items.toReversed()) {
      const first = emit(item, later, false);
      entry = entry === undefined ? first : add(SPLIT, first, entry);
      later = add(SPLIT, emit(separator, emit(item, later, false), false), later);
    }
    return entry ?? then;
  };
  const emitRepeat = ({ item, min, max }: Repeat, then: number, always: boolean): number => {
    let entry = then;
    if (max === Infinity) {
      entry = add(SPLIT, then, then);
      next[entry] = emit(item, entry, false);
      if (always && item.kind === "char" && wildcards.has(item.set)) loops.add(entry);
    }
    for (let count = max === Infinity ? 0 : max - min; count > 0; count--) {
      const once = emit(item, entry, false);
      // A node that emits nothing matches the empty text only, so it need not be repeated, perhaps
      // a billion times.
      if (once === entry) return then;
      entry = add(SPLIT, once, then);
    }
    for (let count = min; count > 0; count--) {
      const once = emit(item, entry, false);
      if (once === entry) break;
      entry = once;
    }
    return entry;
  };
  const start = emit(expression, add(MATCH, 0, 0), true);
  return {
    op: Uint8Array.from(op),
    next: Uint16Array.from(next),
    operand: Uint16Array.from(operand),
    absorbs: Uint8Array.from(op, (_, place) => Number(loops.has(place))),
    start,
    sets,
    hasBoundaries,
  };
}
