// Where figures are kept: `bench/results/` (not in git) for the raw ones, `docs/reference/benchmarks.md` for those to show.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

import { inRepository } from "./machine.mjs";

const INTRODUCTION = `# Benchmarks

For readers who compare servers, or look for what a hub costs on one core. Repeat the figures on Linux with two cores, \`taskset\`, a C compiler and the peers that \`npm run bench -- --help\` names:

\`\`\`sh
npm run bench
\`\`\`

\`npm run bench -- --write-docs\` wrote this page, also with \`resume\`, with \`pacing\`, with \`fleet\` and with \`micro\`. The text around the generated parts is kept.
`;

/**
 * @param {string} name
 * @param {unknown} value
 * @param {string} [over] A file of the same run, to be replaced.
 * @returns {string} the file
 */
export function saveResults(name, value, over) {
  mkdirSync(inRepository("bench/results"), { recursive: true });
  const file = over || `bench/results/${name}-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.json`;
  writeFileSync(inRepository(file), `${JSON.stringify(value, null, 2)}\n`);
  return file;
}

/**
 * Replaces one generated part of the page, or adds it.
 *
 * @param {string} page
 * @param {string} name
 * @param {string} text Markdown
 * @returns {string}
 */
export function replacePart(page, name, text) {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const part = `${begin}\n\n${text}\n\n${end}\n`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) return `${page.trimEnd()}\n\n${part}`;
  return page.slice(0, from) + part + page.slice(to + end.length).replace(/^\n/, "");
}

/**
 * @param {string} name
 * @param {string} text Markdown
 */
export function writeDocument(name, text) {
  const file = inRepository("docs/reference/benchmarks.md");
  const page = existsSync(file) ? readFileSync(file, "utf8") : INTRODUCTION;
  writeFileSync(file, replacePart(page, name, text));
}

/**
 * @param {import("./machine.mjs").Machine} machine
 * @param {Date} [measured]
 */
export function renderMachine(machine, measured = new Date()) {
  return [
    `- Machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ${machine.kernel}`,
    `- Node ${machine.node}; ${machine.compiler}`,
    `- Artesian ${machine.artesian} at commit ${machine.commit}, ${measured.toISOString().slice(0, 10)}`,
  ].join("\n");
}
