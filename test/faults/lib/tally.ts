import type { Verdict } from "../checker/history.ts";
import type { FaultOutcome } from "./run.ts";
import type { ScenarioOptions } from "./scenario.ts";

/** Adds up the runs of a scenario and keeps its figures and violations reported. */
export interface Tally {
  readonly acknowledged: number;
  /** @param run - Names the run where something is wrong: its seed, its servers. */
  add(run: string, outcome: FaultOutcome): void;
}

/**
 * @param gaps - Whether a gap is all right: only where the scenario destroys what the journal holds.
 */
export function createTally(
  { report, violation }: Pick<ScenarioOptions, "report" | "violation">,
  { gaps = false }: { readonly gaps?: boolean } = {},
): Tally {
  const total = {
    acknowledged: 0,
    triedAgain: 0,
    unknown: 0,
    received: 0,
    connections: 0,
    lost: 0,
    repeated: 0,
    reordered: 0,
    leaked: 0,
    other: 0,
    gaps: 0,
  };
  const recoveriesMs: number[] = [];
  const count = (name: string, value: number): void => report({ name, value: figure(value) });
  return {
    get acknowledged() {
      return total.acknowledged;
    },
    add: (run, { verdict, failures, recoveriesMs: more }) => {
      for (const name of ["acknowledged", "triedAgain", "unknown", "received", "connections", "gaps"] as const)
        total[name] += verdict[name];
      for (const name of ["lost", "repeated", "reordered", "leaked"] as const) total[name] += verdict.counts[name];
      total.other += verdict.violations - verdict.counts.lost - verdict.counts.repeated - verdict.counts.reordered - verdict.counts.leaked;
      recoveriesMs.push(...more);
      for (const text of [...failures, ...describe(verdict)]) violation(`${run}: ${text}`);
      if (!gaps && verdict.gaps > 0) violation(`${run}: ${verdict.gaps} gaps were told of, though everything is held`);
      count("acknowledged", total.acknowledged);
      if (total.triedAgain > 0) count("tried again with a key", total.triedAgain);
      count("without an answer", total.unknown);
      count("deliveries", total.received);
      count("connections", total.connections);
      for (const name of ["lost", "repeated", "reordered", "leaked"] as const) count(name, total[name]);
      if (total.other > 0) count("other violations", total.other);
      if (gaps) count("gaps", total.gaps);
      if (recoveriesMs.length > 0) {
        const sorted = recoveriesMs.toSorted((a, b) => a - b);
        const quantile = (share: number): string =>
          `${figure(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN)} ms`;
        report({ name: "recovery p50", value: quantile(0.5) });
        report({ name: "p99", value: quantile(0.99) });
      }
    },
  };
}

/** In words, what the checker found. */
function describe({ counts, examples }: Verdict): readonly string[] {
  return examples.map(({ kind, subscriber, update, detail }) => `${kind} (of ${counts[kind]}): ${subscriber}: ${update}: ${detail}`);
}

export function figure(value: number, decimals = 0): string {
  return value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
