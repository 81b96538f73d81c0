import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ERROR_CODES } from "artesian";
import { STATUS_BY_CODE } from "artesian/http";
import { describe, expect, it } from "vitest";
import { flagOf, KEYS, SETTINGS, variableOf } from "../../src/cli/config/settings.ts";

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

describe("the documentation", () => {
  it("lists every error code with its meaning and status, and no other", () => {
    const rows = [...read("errors.md").matchAll(/^\| `(\w+)` +\| (\d+) +\| (.+?) +\|/gm)].map(([, code, status, meaning]) => [
      code,
      Number(status),
      meaning,
    ]);
    expect(rows).toEqual(
      Object.entries(ERROR_CODES).map(([code, meaning]) => [code, STATUS_BY_CODE[code as keyof typeof ERROR_CODES], meaning]),
    );
  });

  it("lists every setting with its flag, variable and default, and no other", () => {
    const rows = [...read("configuration.md").matchAll(/^\| `(--[\w-]+)[^`]*` +\| `(\w+)` +\| (.+?) +\|/gm)].map(
      ([, flag, variable, shown]) => [flag, variable, shown?.replace("&lt;", "<")],
    );
    expect(rows).toEqual(
      KEYS.map((key) => [flagOf(key), variableOf(key), SETTINGS[key].shown ?? `${SETTINGS[key].fallback as string | number | boolean}`]),
    );
  });

  it("links to files and headings that exist", () => {
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const inDocs = readdirSync(`${root}docs`, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".md"));
    const pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...inDocs.map((name) => `docs/${name}`)];
    const broken = pages.flatMap((page) => {
      const links = [...readFileSync(root + page, "utf8").matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
      return links.filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(root, page, link)).map((link) => `${page}: ${link}`);
    });
    expect(broken).toEqual([]);
  });
});

function leadsSomewhere(root: string, page: string, link: string): boolean {
  const [path = "", heading] = link.split("#");
  const target = path === "" ? root + page : join(root, dirname(page), path);
  if (!existsSync(target)) return false;
  if (heading === undefined) return true;
  // As GitHub names headings.
  const names = [...readFileSync(target, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return names.includes(heading);
}
