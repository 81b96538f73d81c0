import type { Retention } from "../../core/journal/journal.ts";
import { checkNames, namesOf } from "../../core/names.ts";

const RETENTION: ReadonlySet<string> = namesOf<Retention>({ maxAgeMs: true, maxBytes: true, maxCount: true });

/**
 * Checks the options that all journals have in common. A misspelt bound would be no bound, and a
 * wrong bound would drop records that are to be kept.
 *
 * @param what - The function that was called, such as `memoryJournal()`.
 * @param names - The function's options.
 * @throws TypeError with the correction.
 */
export function checkJournalOptions(
  what: string,
  options: { readonly retention?: Retention | undefined; readonly directory?: string; readonly url?: string },
  names: ReadonlySet<string>,
): void {
  if (typeof options !== "object" || options === null) throw new TypeError(`The options of ${what} are an object.`);
  checkNames(options, names, what);
  for (const name of ["directory", "url"] as const) {
    if (names.has(name) && (typeof options[name] !== "string" || options[name] === "")) {
      throw new TypeError(`${what}: \`${name}\` is missing, or no text.`);
    }
  }
  const { retention } = options;
  if (retention === undefined) return;
  if (typeof retention !== "object" || retention === null) {
    throw new TypeError(`${what}: the \`retention\` is not an object such as { maxAgeMs: 86400000, maxBytes: 1073741824 }.`);
  }
  checkNames(retention, RETENTION, `${what}: the \`retention\``);
  for (const [name, value] of Object.entries(retention) as [string, unknown][]) {
    if (value === undefined || value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 0)) continue;
    const unit = name === "maxAgeMs" ? " of milliseconds" : name === "maxBytes" ? " of bytes" : "";
    throw new TypeError(
      `${what}: \`retention.${name}\` is ${typeof value === "number" ? value : JSON.stringify(value)}; it must be a whole number${unit}, 0 or more, or Infinity for no bound.`,
    );
  }
}
