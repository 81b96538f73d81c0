import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { fileURLToPath } from "node:url";
import { type Result, section, sectionsOf } from "./sections.ts";

const FILE = fileURLToPath(new URL("../../../docs/reference/fault-runs.md", import.meta.url));

/**
 * Writes the figures between the markers of their size; the text around them stays. A scenario that was not run this time keeps its section.
 *
 * @param options - `order`: of the scenarios on the page.
 */
export function writeDocument(
  results: readonly Result[],
  { full, seed, order }: { readonly full: boolean; readonly seed: number; readonly order: readonly string[] },
): void {
  const page = readFileSync(FILE, "utf8");
  const name = full ? "full" : "ci";
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/reference/fault-runs.md lacks ${begin} … ${end}.`);
  const machine = `${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; ${type()} ${release()}; Node ${process.version}`;
  const known = new Map([...sectionsOf(page.slice(from, to)), ...results.map((result) => [result.name, section(result)] as const)]);
  const text = [
    `Last run: ${new Date().toISOString().slice(0, 10)}, seed ${seed}, on ${machine}.`,
    ...[...known].toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b)).map(([, each]) => each),
  ].join("\n\n");
  writeFileSync(FILE, `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`);
}
