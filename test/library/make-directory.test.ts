import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDirectory } from "../../packages/hub/src/make-directory.ts";

let root = "";
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "artesian-make-"))));
afterEach(() => rmSync(root, { recursive: true }));

test("missing parent directories are made too, for this user only", () => {
  makeDirectory(join(root, "a/b/c"));
  for (const path of ["a", "a/b", "a/b/c"]) expect(statSync(join(root, path)).mode & 0o777, path).toBe(0o700);
});

test("an existing directory keeps its rights, also behind a link", () => {
  mkdirSync(join(root, "there"), { mode: 0o755 });
  symlinkSync(join(root, "there"), join(root, "link"));
  for (const path of ["there", "link", "link/new"]) makeDirectory(join(root, path));
  expect(statSync(join(root, "there")).mode & 0o777).toBe(0o755);
  makeDirectory("/");
});

test("an obstacle is reported by its code", () => {
  writeFileSync(join(root, "file"), "");
  symlinkSync(join(root, "nowhere"), join(root, "dangling"));
  for (const [path, code] of [
    ["file", "EEXIST"],
    ["dangling", "EEXIST"],
    ["file/a", "ENOTDIR"],
    ["file/a/b", "ENOTDIR"],
    ["dangling/a", "EEXIST"],
  ] as const) {
    expect(() => makeDirectory(join(root, path)), path).toThrow(expect.objectContaining({ code }));
  }
});

test.runIf(process.platform === "linux")("a directory that takes none ends the attempt", () => {
  expect(() => makeDirectory("/proc/nope/x/y")).toThrow(expect.objectContaining({ code: "ENOENT", path: "/proc/nope" }));
});
