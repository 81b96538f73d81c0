// Writes docs/reference/configuration.md from the table of settings: the flag, variable, default, range and mark of each row. The words of a
// row are the page's own, and a new row begins with the words of `--help`. Run after a build: `node scripts/configuration-page.mjs`.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PAGE = fileURLToPath(new URL("../docs/reference/configuration.md", import.meta.url));
/** A row, and its further lines. */
const ROW = /^- `(--[\w-]+)[^`\n]*` \(`\w+`, .+?\): .*\n(?: {2}.*\n)*/gm;

/**
 * Brings the rows of the page up to date. Everything else stays.
 *
 * @param page - The page's text.
 * @param rows - The settings, in the order of the table.
 * @throws Error when the page lacks a group, or the group has no row to begin with.
 */
export function configurationPage(page, rows) {
  const words = new Map([...page.matchAll(ROW)].map(([row, flag]) => [flag, row.slice(row.indexOf("): ") + 3)]));
  const groups = [...new Set(rows.map(({ group }) => group))];
  return groups.reduce((text, group) => {
    const start = text.indexOf(`\n## ${group}\n`);
    const next = text.indexOf("\n## ", start + 1);
    const end = next < 0 ? text.length : next;
    const section = text.slice(start, end);
    const [first] = [...section.matchAll(ROW)];
    if (start < 0 || first === undefined) throw new Error(`The page has no rows of "## ${group}".`);
    const own = rows.filter((row) => row.group === group).map((row) => rowOf(row, words.get(row.flag)));
    const rest = section.slice(first.index).replaceAll(ROW, "");
    return text.slice(0, start) + section.slice(0, first.index) + own.join("") + rest + text.slice(end);
  }, page);
}

function rowOf({ flag, placeholder, variable, shownDefault, range, isReloaded, help }, words) {
  const name = placeholder === undefined ? flag : `${flag} ${placeholder.replaceAll("|", "/")}`;
  const facts = [`\`${variable}\``, `default ${shownDefault.replaceAll("<", "&lt;")}`];
  if (range !== undefined) facts.push(`range ${range}`);
  if (isReloaded) facts.push("SIGHUP");
  return `- \`${name}\` (${facts.join(", ")}): ${words ?? `${help[0]?.toUpperCase()}${help.slice(1)}.\n`}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { settingRows } = await import("../packages/hub/dist/cli/config/describe.js");
  writeFileSync(PAGE, configurationPage(readFileSync(PAGE, "utf8"), settingRows()));
}
