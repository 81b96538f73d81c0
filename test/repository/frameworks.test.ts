import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FRAMEWORKS, pageOf, pathOf, tableOf } from "../../scripts/framework-pages.mjs";

// If one of these fails: node scripts/framework-pages.mjs && npm run format
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
/** Without the padding of tables. */
const plain = (text: string): string => text.replaceAll(/ {2,}/g, " ").replaceAll(/-{3,}/g, "---");

test("each application of examples/frameworks has its page, and is run by the contract", () => {
  const files = readdirSync(new URL("../../examples/frameworks/", import.meta.url)).filter((file) => /\.(?:mjs|ts)$/.test(file));
  expect(FRAMEWORKS.map(({ file }) => file).toSorted()).toEqual(files.toSorted());
  const tests = ["node", "fetch", "runtimes"].map((name) => read(`test/frameworks/${name}.test.ts`)).join("");
  for (const framework of FRAMEWORKS) {
    expect(read(`docs/guides/${pathOf(framework)}`)).toBe(pageOf(framework));
    expect(tests).toContain(`"${framework.file}"`);
  }
});

test("the table of the frameworks is that of the applications", () => {
  expect(plain(read("docs/guides/frameworks.md"))).toContain(plain(tableOf()));
});
