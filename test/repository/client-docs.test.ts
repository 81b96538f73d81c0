import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { blocksOf, run } from "../examples/markdown.ts";

const source = (name: string): string => readFileSync(new URL(`../../packages/client/src/${name}.ts`, import.meta.url), "utf8");
const page = readFileSync(new URL("../../docs/reference/client.md", import.meta.url), "utf8");

/** Where the options of `connect` are declared. */
const DECLARED = [
  ["live", "ConnectTopicsOptions"],
  ["follow-options", "FollowOptions"],
  ["queue", "QueueOptions"],
] as const;

/** `onState` is of `subscribe` alone. */
const OPTIONS = DECLARED.flatMap(([file, name]) => {
  const body = new RegExp(`export interface ${name}\\b[^]*?\n}`).exec(source(file))?.[0] ?? "";
  return [...body.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, option = ""]) => option);
}).filter((option) => option !== "onState");

/** The defaults in the code. Those of `connect` are before those of `subscribe`. */
function defaultOf(option: string): number | undefined {
  const code = ["connection", "queue", "follower"].map(source).join("\n");
  const constant = option.replaceAll(/(?=[A-Z])/g, "_").toUpperCase();
  const [, value] =
    new RegExp(`\\b${option} = ([\\d_* ]+)[,}\n]`).exec(code) ?? new RegExp(`${constant} = ([\\d_]+);`).exec(source("backoff")) ?? [];
  if (value === undefined) return undefined;
  const [base = 0, exponent = 1] = value.replaceAll("_", "").split("**").map(Number);
  return base ** exponent;
}

describe("docs/reference/client.md", () => {
  const rows = new Map(
    [...page.slice(page.indexOf("\n## Options"), page.indexOf("\n## States")).matchAll(/^- `(\w+)` \(default ([^)]+)\): .{15,}$/gm)].map(
      ([, name = "", fallback = ""]) => [name, fallback],
    ),
  );

  it("lists every option of connect(), and no other", () => {
    expect(OPTIONS.length).toBeGreaterThan(15);
    expect([...rows.keys()].toSorted()).toEqual(OPTIONS.toSorted());
  });

  it("states the true default of each number", () => {
    const numbers = [...rows].filter(([, fallback]) => /^[\d,]+$/.test(fallback));
    expect(numbers.length).toBeGreaterThan(10);
    expect(numbers.map(([name, fallback]) => [name, Number(fallback.replaceAll(",", ""))])).toEqual(
      numbers.map(([name]) => [name, defaultOf(name)]),
    );
  });

  it("states each state of a connection", () => {
    const states = [...(/status: ([^;]+);/.exec(source("connection-state"))?.[1] ?? "").matchAll(/"([\w-]+)"/g)].map(([, state]) => state);
    expect(states.length).toBe(5);
    expect([...page.matchAll(/^ {2}- `([\w-]+)`: /gm)].map(([, state]) => state)).toEqual(states);
  });

  it("imports names that exist", async () => {
    const imports = [...page.matchAll(/import \{ ([^}]+) \} from "(artesian-client[\w/-]*)"/g)];
    expect(new Set(imports.map(([, , entry]) => entry)).size).toBe(6);
    for (const [, names = "", entry = ""] of imports) {
      const exported = (await import(entry)) as Record<string, unknown>;
      for (const name of names.split(", ")) expect(exported, entry).toHaveProperty(name);
    }
  });

  it("has a test with the fake hub that passes", async () => {
    const code = blocksOf("reference/client.md").find((block) => block.code.includes("createFakeHub"))?.code ?? "";
    expect(await run("js", code, {}).output).toBe("");
  });
});
