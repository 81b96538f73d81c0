import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const PAIRS = [
  ["README.md", "README.zh-CN.md"],
  ["docs/start/quick-start.md", "docs/start/quick-start.zh-CN.md"],
] as const;

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

/** The blocks of code of a page, in order. Comments of a shell are words of their language. */
function blocksOf(page: string): readonly string[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", code = ""]) => {
    const lines = language === "sh" ? code.split("\n").map((line) => line.replace(/ +# .*$/, "")) : [code];
    return `${language}\n${lines.join("\n")}`;
  });
}

/** Where the links and pictures of a page lead. */
function linksOf(page: string): ReadonlySet<string> {
  const links = [...page.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return new Set(links.filter((link) => !/(?:README|quick-start)(?:\.zh-CN)?\.md$/.test(link)));
}

describe.each(PAIRS)("%s in Chinese", (english, chinese) => {
  test("has the same commands and code", () => {
    const blocks = blocksOf(read(english));
    expect(blocks.length).toBeGreaterThan(5);
    expect(blocksOf(read(chinese))).toEqual(blocks);
  });

  test("has the same sections, links and flags", () => {
    const depths = (page: string): readonly string[] => [...page.matchAll(/^(#+) /gm)].map(([, marks = ""]) => marks);
    expect(depths(read(chinese))).toEqual(depths(read(english)));
    expect(linksOf(read(chinese))).toEqual(linksOf(read(english)));
    const code = (page: string): readonly string[] => [...page.matchAll(/`([^`\n]+)`/g)].map(([, text = ""]) => text).toSorted();
    expect(code(read(chinese))).toEqual(code(read(english)));
  });

  test("is linked both ways, above the first section", () => {
    const top = (name: string): string => read(name).split("\n## ")[0] ?? "";
    expect(top(english)).toContain(`](${chinese.split("/").at(-1)})`);
    expect(top(chinese)).toContain(`](${english.split("/").at(-1)})`);
  });

  test("is Chinese", () => {
    const prose = read(chinese).replaceAll(/^```.*?^```$/gms, "");
    const characters = prose.match(/\p{Script=Han}/gu)?.length ?? 0;
    expect(characters).toBeGreaterThan(300);
    // Marks of Chinese prose are full-width.
    expect([...prose.matchAll(/\p{Script=Han}[,;:?!]/gu)].map(([found]) => found)).toEqual([]);
  });
});
