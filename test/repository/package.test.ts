import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { cleanEnv } from "../cli/command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const hub = join(root, "packages/hub");
const read = (path: string): string => readFileSync(join(hub, path), "utf8");

/** The files of the tarball, by their paths in it. */
let files: readonly string[] = [];

beforeAll(() => {
  const packed = execFileSync("npm", ["pack", "--dry-run", "--json"], {
    cwd: hub,
    env: cleanEnv(),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 64 * 1024 * 1024,
  });
  const [tarball] = JSON.parse(packed) as readonly [{ readonly files: readonly { readonly path: string }[] }];
  files = tarball.files.map(({ path }) => path);
});

/** Whether a path is a file of the tarball, or a folder with one. */
const isThere = (path: string): boolean => files.includes(path) || files.some((file) => file.startsWith(`${path.replace(/\/$/, "")}/`));

/** Where the links and pictures of a page lead that name no scheme. */
function linksOf(page: string): readonly string[] {
  const text = read(page);
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(([, link = "", attribute]) => attribute ?? link);
  return targets.filter((target) => !/^(?:[a-z]+:|#|\/)/.test(target)).map((target) => target.split("#")[0] as string);
}

describe("the package", () => {
  it("has the command, the documentation and the examples, and nothing of the tests", () => {
    for (const path of [
      "dist/cli/main.js",
      "src/index.ts",
      "dist/index.js.map",
      "docs/start/no-events.md",
      "docs/decisions/README.md",
      "examples/node-http.mjs",
    ])
      expect(files).toContain(path);
    expect(files.filter((path) => /^(?:test|bench|scripts)\//.test(path))).toEqual([]);
  });

  it("has every page, picture and example that its pages link to", () => {
    const pages = files.filter((path) => path.endsWith(".md"));
    expect(pages.length).toBeGreaterThan(50);
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter((link) => !isThere(normalize(join(dirname(page), link))))
        .map((link) => `${page}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it("has every page that its code names, with the section that is meant", () => {
    const named = files
      .filter((path) => /^dist\/.*\.(?:js|d\.ts)$/.test(path))
      .flatMap((path) => [...read(path).matchAll(/\b(docs\/[\w/-]+\.md)(?:[`)]*, "([^"\n]+)")?/g)].map((match) => ({ path, match })));
    expect(named.length).toBeGreaterThan(20);
    const broken = named.flatMap(({ path, match: [text, page = "", section] }) => {
      const hasSection = (): boolean =>
        section === undefined ||
        read(page)
          .split("\n")
          .some((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === section);
      return isThere(page) && hasSection() ? [] : [`${path}: ${text}`];
    });
    expect(broken).toEqual([]);
  });

  it("links its indexes, the README's and that of docs/, to each page of docs/", () => {
    const pages = files.filter((path) => /^docs\/(?:start|guides|operate|reference)\/[\w-]+\.md$/.test(path));
    expect(pages.length).toBeGreaterThan(15);
    for (const index of ["README.md", "docs/README.md"]) {
      const linked = new Set(linksOf(join("../..", index)).map((link) => normalize(join(dirname(index), link))));
      expect(
        pages.filter((page) => !linked.has(page)),
        index,
      ).toEqual([]);
    }
  });
});
