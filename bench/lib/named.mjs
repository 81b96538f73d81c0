// Choosing by name on the command line.
import { BenchError } from "./processes.mjs";

/**
 * @template {{ name: string }} T
 * @param {readonly T[]} all
 * @param {readonly string[] | undefined} names
 * @param {string} option
 * @returns {readonly T[]}
 */
export function chooseNamed(all, names, option) {
  const unknown = names?.find((name) => !all.some((item) => item.name === name));
  if (unknown !== undefined) throw new BenchError(`${option}: "${unknown}" is none of ${all.map(({ name }) => name).join(", ")}`);
  return names ? all.filter(({ name }) => names.includes(name)) : all;
}
