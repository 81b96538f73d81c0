const DURATION_UNITS: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const SIZE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/**
 * Reads `500ms`, `10s`, `5m`, `2h`, `7d` or a plain number of milliseconds.
 *
 * @returns Milliseconds, or undefined for any other text.
 */
export function parseDuration(text: string): number | undefined {
  return parseWithUnit(text, DURATION_UNITS);
}

/**
 * Reads `64KiB`, `1MiB`, `10GB` or a plain number of bytes. Units may be in any case.
 *
 * @returns Bytes, or undefined for any other text.
 */
export function parseSize(text: string): number | undefined {
  return parseWithUnit(text, SIZE_UNITS);
}

function parseWithUnit(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = match?.[2]?.toLowerCase() ?? "";
  if (match === null || !Object.hasOwn(units, unit)) return undefined;
  const value = Math.round(Number(match[1]) * (units[unit] as number));
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Writes milliseconds with the largest unit that divides them, such as `25s`. */
export function formatDuration(ms: number): string {
  return formatWithUnit(ms, ["d", "h", "m", "s"], DURATION_UNITS) ?? `${ms}ms`;
}

/** Writes bytes with the largest unit that divides them, such as `1MiB`. */
export function formatSize(bytes: number): string {
  return formatWithUnit(bytes, ["TiB", "GiB", "MiB", "KiB"], SIZE_UNITS) ?? `${bytes}B`;
}

function formatWithUnit(value: number, names: readonly string[], units: Readonly<Record<string, number>>): string | undefined {
  const name = names.find((candidate) => value > 0 && value % (units[candidate.toLowerCase()] ?? NaN) === 0);
  return name === undefined ? undefined : `${value / (units[name.toLowerCase()] as number)}${name}`;
}

/** Writes a count with thousands separated. The first call of `toLocaleString()` would take 40 ms of each start. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Describes the updates between two offsets. */
export function updatesOf(head: number, tail: number): string {
  if (tail < head) return "no updates";
  return head === tail ? `update ${formatCount(head)}` : `updates ${formatCount(head)} to ${formatCount(tail)}`;
}

/** Formats bytes in mebibytes, or in gibibytes from ten of them on, with one decimal. */
export function roundedSize(bytes: number): string {
  return bytes < 10 * 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
