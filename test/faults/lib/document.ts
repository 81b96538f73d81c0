import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { fileURLToPath } from "node:url";
import { type Result, table } from "./table.ts";

const FILE = fileURLToPath(new URL("../../../docs/reliability.md", import.meta.url));
const ROW = /^\| (\S+) +\|/;

/**
 * Writes a table of figures between the markers of its size, the text around them stays. Scenarios that were not run this time keep their rows.
 *
 * @param options - `order`: of the scenarios in the table.
 */
export function writeDocument(
  results: readonly Result[],
  { full, seed, order }: { readonly full: boolean; readonly seed: number; readonly order: readonly string[] },
): void {
  const page = readFileSync(FILE, "utf8");
  const name = full ? "full" : "ci";
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/reliability.md lacks ${begin} … ${end}.`);
  const machine = `${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; ${type()} ${release()}; Node ${process.version}`;
  const text = `${merge(page.slice(from, to), table(results), order)}\n\nLast run: ${new Date().toISOString().slice(0, 10)}, seed ${seed}, on ${machine}.`;
  writeFileSync(FILE, `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`);
}

/** The rows of the old table with those of the new one in their places. */
function merge(old: string, fresh: string, order: readonly string[]): string {
  const [head = "", rule = "", ...rows] = fresh.split("\n");
  const kept = old.split("\n").filter((line) => ROW.test(line) && !line.startsWith("| scenario") && !line.startsWith("| -"));
  const nameOf = (row: string): string => ROW.exec(row)?.[1] ?? "";
  const replaced = kept.map((row) => rows.find((each) => nameOf(each) === nameOf(row)) ?? row);
  const added = rows.filter((row) => !kept.some((each) => nameOf(each) === nameOf(row)));
  const placed = [...replaced, ...added].toSorted((a, b) => order.indexOf(nameOf(a)) - order.indexOf(nameOf(b)));
  return [head, rule, ...placed].join("\n");
}
