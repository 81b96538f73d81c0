/** What came of a scenario. */
export interface Result {
  readonly name: string;
  readonly promise: string;
  readonly what: string;
  readonly figures: readonly (readonly [name: string, value: string])[];
  readonly seconds: number;
  /** `kept` or `broken`; where it was not run, the reason. */
  readonly verdict: string;
  readonly isRun: boolean;
}

/** A table that reads well on a terminal and as Markdown. */
export function table(results: readonly Result[]): string {
  const rows = [
    ["scenario", "promise", "what was done", "figures", "verdict"],
    ...results.map(({ name, promise, what, figures, seconds, verdict, isRun }) => [
      name,
      promise,
      what,
      [...figures.map(([figure, value]) => `${figure} ${value}`), ...(isRun ? [`${seconds} s`] : [])].join("; "),
      isRun ? verdict : `not run: ${verdict}`,
    ]),
  ].map((cells) => cells.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
