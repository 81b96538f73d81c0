// Tables that read well both on a terminal and as Markdown.

/**
 * @param {readonly string[]} headers
 * @param {readonly (readonly string[])[]} rows The first column is text, the others are figures.
 * @returns {string}
 */
export function table(headers, rows) {
  const widths = headers.map((header, column) => Math.max(3, header.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(headers), line(rule), ...rows.map(line)].join("\n");
}

/**
 * @param {number} value
 * @param {number} [decimals]
 */
export function figure(value, decimals = 0) {
  return value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** @param {number | undefined} ratio */
export const times = (ratio) => (ratio === undefined ? "" : `${figure(ratio, 2)}×`);
