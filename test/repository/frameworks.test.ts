import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { FRAMEWORKS, pageOf, pathOf, tableOf } from "../../scripts/framework-pages.mjs";

// If one of these fails: node scripts/framework-pages.mjs && npm run format
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
/** Without the padding of tables. */
const plain = (text: string): string => text.replaceAll(/ {2,}/g, " ").replaceAll(/-{3,}/g, "---");

const FOLDER = new URL("../../examples/frameworks/", import.meta.url);

test("each application of examples/frameworks has its page, and is run by the contract", () => {
  const names = readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => (entry.isDirectory() ? !entry.name.startsWith(".") : /\.(?:mjs|ts)$/.test(entry.name)))
    .map(({ name }) => name);
  expect(FRAMEWORKS.map(({ file }) => file).toSorted()).toEqual(names.toSorted());
  const tests = readdirSync(new URL("../frameworks/", import.meta.url)).filter((name) => name.endsWith(".test.ts"));
  const code = tests.map((name) => read(`test/frameworks/${name}`)).join("");
  for (const framework of FRAMEWORKS) {
    expect(read(`docs/guides/${pathOf(framework)}`)).toBe(pageOf(framework));
    expect(code).toContain(`"${framework.file}"`);
  }
});

test("the page of an application of several files has all of them", () => {
  for (const { file, files } of FRAMEWORKS) {
    if (files === undefined) continue;
    const entries = readdirSync(new URL(`${file}/`, FOLDER), { withFileTypes: true, recursive: true });
    const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    expect(files.toSorted()).toEqual(paths.map((path) => relative(fileURLToPath(new URL(file, FOLDER)), path)).toSorted());
  }
});

test("the table of the frameworks is that of the applications", () => {
  expect(plain(read("docs/guides/frameworks.md"))).toContain(plain(tableOf()));
});
