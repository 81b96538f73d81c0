import type { SourceContext } from "../source.ts";
import type { Untold } from "./fields.ts";

/**
 * Reports problems with single records: a few in full, then their number. Each is reported once,
 * not every round.
 */
export interface Problems {
  add(problem: string): void;
  /** Reports a value that is left out of a record. The record is kept. */
  untold(value: Untold): void;
  /**
   * Ends a round.
   *
   * @returns The number of problems in the round.
   */
  flush(): number;
}

/** Problems reported in full, per round and in total. */
const SHOWN = 3;
const SHOWN_EVER = 50;

/** @param what - The origin of the records, for the message. */
export function createProblems(context: SourceContext, what: string): Problems {
  const shown = new Set<string>();
  let found = 0;
  let foundBefore = 0;
  let without = 0;
  return {
    add(problem) {
      found += 1;
      if (found > SHOWN || shown.size >= SHOWN_EVER || shown.has(problem)) return;
      shown.add(problem);
      context.report({ kind: "warning", message: `A record of ${what} is left out: ${problem}.` });
    },
    untold({ name, problem }) {
      without += 1;
      if (without > SHOWN || shown.size >= SHOWN_EVER || shown.has(problem)) return;
      shown.add(problem);
      context.report({ kind: "warning", message: `A record of ${what} goes without its ${name}: ${problem}.` });
    },
    flush() {
      const total = found;
      if (total > SHOWN && total !== foundBefore)
        context.report({ kind: "warning", message: `${total} records of ${what} were left out.` });
      foundBefore = total;
      found = 0;
      without = 0;
      return total;
    },
  };
}
