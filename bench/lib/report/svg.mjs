// Bar charts as SVG, readable on light and dark pages: ink is `currentColor`, set for both by the picture's own style sheet.

const WIDTH = 760;
const LABELS = 224;
const FIGURES = 120;
const ROW = 30;
const TOP = 56;

/** @param {string} text */
const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** @typedef {{ label: string, value: number, text: string, own: boolean }} ChartRow `own`: to be seen first. */

/**
 * @param {{ title: string, note: string, rows: readonly ChartRow[] }} chart
 * @returns {string}
 */
export function barChart({ title, note, rows }) {
  const height = TOP + rows.length * ROW + 14;
  const most = Math.max(...rows.map(({ value }) => value));
  const scale = most > 0 ? (WIDTH - LABELS - FIGURES) / most : 0;
  const bars = rows.map(({ label, value, text, own }, i) => {
    const y = TOP + i * ROW;
    const width = Math.max(2, value * scale);
    return `<g${own ? ' class="own"' : ""}>
<text x="${LABELS - 12}" y="${y + 19}" text-anchor="end">${escape(label)}</text>
<rect x="${LABELS}" y="${y + 4}" width="${width.toFixed(1)}" height="${ROW - 9}" rx="3"/>
<text class="figure" x="${(LABELS + width + 8).toFixed(1)}" y="${y + 19}">${escape(text)}</text>
</g>`;
  });
  const summary = rows.map(({ label, text }) => `${label}: ${text}`).join("; ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title summary">
<title id="title">${escape(title)}</title>
<desc id="summary">${escape(`${note}. ${summary}`)}</desc>
<style>
svg { color: #1f2933; font: 14px system-ui, sans-serif; }
text { fill: currentColor; }
.title { font-weight: 600; font-size: 16px; }
.note { opacity: 0.75; font-size: 13px; }
.figure { font-variant-numeric: tabular-nums; }
rect { fill: currentColor; opacity: 0.3; }
.own { font-weight: 600; }
.own rect { fill: #0b7285; opacity: 1; }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3; } .own rect { fill: #3bc9db; } }
</style>
<text class="title" x="0" y="18">${escape(title)}</text>
<text class="note" x="0" y="40">${escape(note)}</text>
${bars.join("\n")}
</svg>
`;
}
