import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { cleanEnv } from "../cli/command.ts";
import * as names from "../../packages/client/src/script.ts";

const require = createRequire(import.meta.url);

test("a script without modules makes one global", () => {
  const global: Record<string, unknown> = {};
  runInNewContext(readFileSync(require.resolve("artesian-client/artesian.js"), "utf8"), global);
  expect(Object.keys(global)).toEqual(["artesian"]);
  expect(Object.keys(global["artesian"] as object).toSorted()).toEqual(Object.keys(names).toSorted());
});

test("a CDN finds the file by the package's name alone", () => {
  const { exports, unpkg, jsdelivr } = require("artesian-client/package.json") as Readonly<Record<"unpkg" | "jsdelivr", string>> & {
    readonly exports: Readonly<Record<string, string>>;
  };
  expect([unpkg, jsdelivr]).toEqual([exports["./artesian.js"], exports["./artesian.js"]]);
});

test("a program of CommonJS requires the package", () => {
  const code = 'const { connect, subscribe } = require("artesian-client"); console.log(typeof connect, typeof subscribe)';
  expect(execFileSync(process.execPath, ["--input-type=commonjs", "-e", code], { env: cleanEnv(), encoding: "utf8" })).toBe(
    "function function\n",
  );
});
