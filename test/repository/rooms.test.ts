import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface Override {
  readonly files: readonly string[];
  readonly excludeFiles?: readonly string[];
  readonly rules: Readonly<
    Record<string, readonly [severity: string, options: { readonly patterns: readonly { readonly regex: string }[] }]>
  >;
}

const CORE = "packages/hub/src/core/";
const RULE = "no-restricted-imports";

const root = new URL("../../", import.meta.url);
const { overrides } = JSON.parse(readFileSync(new URL(".oxlintrc.json", root), "utf8")) as { readonly overrides: readonly Override[] };

/** The rooms in the linter's order: a room imports the rooms before it only. */
const rooms = overrides.flatMap(({ files: [glob = ""], rules }) => {
  if (!glob.startsWith(CORE) || !glob.endsWith("/**")) return [];
  const name = glob.slice(CORE.length, -"/**".length);
  return name === "" ? [] : [{ name, regexes: (rules[RULE]?.[1].patterns ?? []).map(({ regex }) => new RegExp(regex)) }];
});
/** Files of the core above all rooms. */
const top = (overrides.find(({ files }) => files[0] === `${CORE}*.ts`)?.excludeFiles ?? []).map((file) => file.slice(CORE.length));

it("each room of the core has its place in the linter's order", () => {
  const folders = readdirSync(new URL(CORE, root), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(rooms.map(({ name }) => name).toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
  expect(top).not.toEqual([]);
  for (const file of top) expect(existsSync(new URL(CORE + file, root)), file).toBe(true);
});

it("no later override replaces the rules of the rooms", () => {
  const last = overrides.findLastIndex(({ files: [glob = ""] }) => glob.startsWith(CORE));
  const later = overrides.slice(last + 1).filter(({ rules }) => RULE in rules);
  expect(later.flatMap(({ files }) => files).filter((glob) => CORE.startsWith(glob.replace(/\*.*$/, "")))).toEqual([]);
});

it.each(rooms.map((room, place) => ({ ...room, place })))("$name may import exactly the rooms below it", ({ regexes, place }) => {
  const isRefused = (specifier: string): boolean => regexes.some((regex) => regex.test(specifier));
  const refused = rooms.map(({ name }) => name).filter((name) => isRefused(`../${name}/some.ts`) && isRefused(`../../${name}/some.ts`));
  expect(refused).toEqual(rooms.slice(place + 1).map(({ name }) => name));
  expect(top.filter((file) => !isRefused(`../${file}`))).toEqual([]);
  for (const outside of ["node:fs", "../../journals/memory/index.ts", "../../http/node.ts", "../../index.ts"]) {
    expect(isRefused(outside), outside).toBe(true);
  }
  expect(isRefused("../errors.ts")).toBe(false);
});

it("the URL pattern engine knows nothing of the hub", () => {
  const folder = new URL("../../packages/hub/src/core/matching/url-pattern/", import.meta.url);
  const files = readdirSync(folder);
  const imports = files.flatMap((file) =>
    [...readFileSync(new URL(file, folder), "utf8").matchAll(/ from "([^"]+)"/g)].map(([, name]) => name),
  );
  expect(imports.length).toBeGreaterThan(10);
  expect(imports.filter((name) => name?.startsWith("./") !== true)).toEqual([]);
});
