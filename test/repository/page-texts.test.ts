import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGES: readonly string[] = ["demo/src", "packages/hub/src/console/page", "packages/ui/src"];
/** Attributes that people read or hear. */
const SPOKEN: ReadonlySet<unknown> = new Set(["alt", "aria-description", "aria-label", "label", "placeholder", "summary", "title"]);
/** Names, and what is the same in all languages. */
const UNIVERSAL = /^(?:Artesian|Prometheus|Mercure|TradingView|[\w.-]+\.[a-z]{2,}|https?:\S+|[a-z]+(?:[_-][a-z]+)+|`[^`]*`)$/;
const CHINESE = /\p{Script=Han}/u;

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => !name.includes("node_modules"))
    .map((name) => join(folder, name));
}

const FILES = PAGES.flatMap(filesBelow);
const TABLES = FILES.filter((file) => /\/texts\.en\.tsx?$/.test(file));
/** Folders whose pages are translated. */
const TRANSLATED = TABLES.map(dirname);

/** A text by its place in the table: a string, or the kind of value that makes one. */
function flatten(value: unknown, path = ""): [path: string, value: unknown][] {
  if (typeof value !== "object" || value === null || "__v" in value) return [[path, value]];
  return Object.entries(value).flatMap(([key, entry]) => flatten(entry, path === "" ? key : `${path}.${key}`));
}

async function tableOf(file: string, name: string): Promise<Map<string, unknown>> {
  const module = (await import(/* @vite-ignore */ join(ROOT, file))) as Record<string, unknown>;
  return new Map(flatten(module[name]));
}

describe.each(TABLES)("%s", (file) => {
  test("has the same texts in Chinese", async () => {
    const chinese = file.replace(/\.en(\.tsx?)$/, ".zh-CN$1");
    expect(existsSync(join(ROOT, chinese)), chinese).toBe(true);
    const [en, zh] = [await tableOf(file, "en"), await tableOf(chinese, "zhCN")];
    expect([...zh.keys()].toSorted()).toEqual([...en.keys()].toSorted());
    for (const [path, text] of zh) {
      expect(typeof text, path).toBe(typeof en.get(path));
      if (typeof text === "string" && !UNIVERSAL.test(text)) expect(text, path).toMatch(CHINESE);
    }
  });
});

interface Node {
  readonly type: string;
  readonly [name: string]: unknown;
}

/** Words that a component has in its code, with their lines. */
function wordsIn(file: string): string[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  const found: string[] = [];
  const say = (node: Node, text: unknown): void => {
    if (typeof text !== "string" || !/\p{L}{2}/u.test(text) || UNIVERSAL.test(text.trim())) return;
    found.push(`${relative(ROOT, file)}:${source.slice(0, Number(node["start"])).split("\n").length}: ${text.trim()}`);
  };
  const visit = (value: unknown, isCode = false): void => {
    if (Array.isArray(value)) for (const each of value) visit(each, isCode);
    if (typeof value !== "object" || value === null || !("type" in value)) return;
    const node = value as Node;
    // Lines for a terminal or a program.
    const opening = node["openingElement"] as { name?: { name?: unknown } } | undefined;
    const inCode = isCode || opening?.name?.name === "code";
    if (node.type === "JSXText" && !inCode) say(node, node["value"]);
    if (node.type === "JSXAttribute" && SPOKEN.has((node["name"] as Node)["name"])) say(node, (node["value"] as Node | null)?.["value"]);
    for (const child of Object.values(node)) visit(child, inCode);
  };
  visit(parseSync(file, source).program);
  return found;
}

test.each(TRANSLATED)("components in %s have their words in the tables", (folder) => {
  const components = FILES.filter((file) => dirname(file) === folder && file.endsWith(".tsx") && !/\/texts\./.test(file));
  expect(components.length).toBeGreaterThan(0);
  expect(components.flatMap(wordsIn)).toEqual([]);
});
