import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEFAULT_LIMITS, ERROR_CODES, type Limits } from "artesian";
import { DEFAULT_CONNECTION_LIMITS, STATUS_BY_CODE } from "artesian/http";
import { describe, expect, it } from "vitest";
import { settingRows } from "../../packages/hub/src/cli/config/describe.ts";
import { defaultOf, flagOf, KEYS, SETTINGS } from "../../packages/hub/src/cli/config/settings.ts";
import { capacity } from "../../packages/hub/src/cli/serve/descriptors.ts";
import { configurationPage } from "../../scripts/configuration-page.mjs";
import { MAJORS } from "../../scripts/runtimes.mjs";
import { CLIENTS } from "../field/lib/clients.ts";
import { FRONTS } from "../field/lib/fronts.ts";
import { WAYS } from "../field/lib/ways.ts";
import { SETTING_OF_LIMIT } from "../support/limit-settings.ts";

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

/** The pages of all groups, by their paths below docs/. */
function pagesOfGroups(): readonly string[] {
  return ["start", "guides", "operate", "reference"].flatMap((group) =>
    readdirSync(new URL(`../../docs/${group}`, import.meta.url))
      .filter((name) => name.includes("."))
      .map((name) => `${group}/${name}`),
  );
}

describe("the documentation", () => {
  it("lists every error code with its meaning and status, and no other", () => {
    const rows = [...read("reference/errors.md").matchAll(/^- `(\w+)` \((\d+)\): (.+)$/gm)].map(([, code, status, meaning]) => [
      code,
      Number(status),
      meaning,
    ]);
    expect(rows).toEqual(
      Object.entries(ERROR_CODES).map(([code, meaning]) => [code, STATUS_BY_CODE[code as keyof typeof ERROR_CODES], meaning]),
    );
  });

  it("lists every setting as the table has it, and no other", () => {
    const page = read("reference/configuration.md");
    // If this fails: npm run build && node scripts/configuration-page.mjs
    expect(page).toBe(configurationPage(page, settingRows()));
    const flags = [...page.matchAll(/^- `(--[\w-]+)[^`]*` \(`\w+`, default /gm)].map(([, flag]) => flag);
    expect(flags).toEqual(KEYS.map(flagOf));
  });

  it("gets a row for a new setting, and loses that of a former one", () => {
    const page = read("reference/configuration.md");
    const rows = settingRows();
    const [first] = rows;
    if (first === undefined) throw new Error("There is no setting.");
    const added = {
      ...first,
      flag: "--shoe-size",
      variable: "ARTESIAN_SHOE_SIZE",
      shownDefault: "<none>",
      range: "1 to 9",
      isReloaded: true,
      help: "size",
    };
    const changed = configurationPage(page, [...rows.slice(1), added]);
    expect(changed).toContain("- `--shoe-size <address>` (`ARTESIAN_SHOE_SIZE`, default &lt;none>, range 1 to 9, SIGHUP): Size.\n");
    expect(changed).not.toContain("- `--host <address>`");
    expect(changed.length).toBeGreaterThan(page.length - 100);
  });

  it("states the true default of each number", () => {
    const numbers = KEYS.filter((key) => typeof SETTINGS[key].fallback === "number");
    for (const key of numbers) {
      const { schema, fallback } = SETTINGS[key];
      expect(schema.parse(defaultOf(key)), key).toBe(fallback);
    }
    expect(numbers.length).toBeGreaterThan(25);
  });

  it("says for each limit what happens without it", () => {
    const page = read("reference/configuration.md");
    const section = page.slice(page.indexOf("## Limits"), page.indexOf("## Other"));
    const reasons = new Map(
      [...section.matchAll(/^- `(--[\w-]+)[^`]*` .*\n {2}Without it: (.+)$/gm)].map(([, flag, reason]) => [flag, reason]),
    );
    const limits = KEYS.filter((key) => SETTINGS[key].group === "Limits");
    expect([...reasons.keys()]).toEqual(limits.map(flagOf));
    for (const [flag, reason] of reasons) expect(reason?.length, flag).toBeGreaterThan(15);
  });

  it("gives the library the same limits as the command", () => {
    for (const [name, key] of Object.entries(SETTING_OF_LIMIT)) {
      expect(SETTINGS[key].fallback, name).toBe(DEFAULT_LIMITS[name as keyof Limits]);
    }
    expect(SETTINGS.maxConnectionsPerAddress.fallback).toBe(DEFAULT_CONNECTION_LIMITS.connectionsPerAddress);
    expect(SETTINGS.maxConnectionRate.fallback).toBe(DEFAULT_CONNECTION_LIMITS.connectionsPerSecond);
    expect(capacity(1_000_000).streams).toBe(DEFAULT_CONNECTION_LIMITS.connections);
    expect(capacity(1000).streams).toBe(800);
  });

  it("has a time for every client behind every proxy, and for every Node", () => {
    const tables = [...read("reference/field-matrix.md").matchAll(/^\| (?:client|hub on) +\|(.*)\|\n.*\n((?:\|.*\n)+)/gm)];
    const cells = (line = ""): string[] => line.split("|").map((cell) => cell.trim());
    const [clients, nodes] = tables.map(([, columns, rows = ""]) => ({
      columns: cells(columns),
      rows: rows
        .trimEnd()
        .split("\n")
        .map((row) => cells(row).slice(1, -1)),
    }));
    expect(clients?.columns).toEqual(FRONTS.map(({ name }) => name));
    expect(clients?.rows.map(([name]) => name)).toEqual(CLIENTS.map(({ name }) => name));
    expect(nodes?.columns).toEqual(WAYS.map(({ name }) => name));
    expect(nodes?.rows.map(([name]) => name)).toEqual(MAJORS.map((major) => `Node ${major}`));
    for (const [name, ...times] of [...(clients?.rows ?? []), ...(nodes?.rows ?? [])]) {
      for (const time of times) expect(time, name).toMatch(/^(\d+|never) · (\d+|never)$/);
    }
  });

  it("begins with commands that are each one line", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    expect(readme).toContain("\n```sh\nnpm ci && npm start\n```\n");
    expect(readme).toContain("\n```sh\nnpm ci && npm test\n```\n");
  });

  it("has no table row too wide to read, except the figures of runs", () => {
    const generated = ["reference/benchmarks.md", "reference/field-matrix.md"];
    const wide = pagesOfGroups()
      .filter((page) => !generated.includes(page))
      .flatMap((page) =>
        [...read(page).matchAll(/^\|.*\|$/gm)]
          .map(([row]) => row.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---"))
          .filter((row) => row.length > 125)
          .map((row) => `${page}: ${row}`),
      );
    expect(wide).toEqual([]);
  });

  it("begins each page with who needs it, and a command or a snippet", () => {
    const without = pagesOfGroups().filter((page) => !/^# .+\n\n(?:For |写给).+\n(?:.+\n)*(?:\n.+\n)?\n```\w+\n/.test(read(page)));
    expect(without).toEqual([]);
  });

  it("keeps each page in one of its groups", () => {
    const entries = readdirSync(fileURLToPath(new URL("../../docs", import.meta.url)));
    expect(entries.toSorted()).toEqual(["README.md", "decisions", "guides", "images", "operate", "reference", "start"]);
  });

  it("links to files and headings that exist", () => {
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const inDocs = readdirSync(`${root}docs`, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".md"));
    const pages = [
      "README.md",
      "README.zh-CN.md",
      "CONTRIBUTING.md",
      "CHANGELOG.md",
      "SECURITY.md",
      "ARCHITECTURE.md",
      ...inDocs.map((name) => `docs/${name}`),
    ];
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
