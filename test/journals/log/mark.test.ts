import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isSameFile, readSelfNamed, writeSelfNamed } from "../../../packages/hub/src/journals/log/files/file-identity.ts";
import { Mark } from "../../../packages/hub/src/journals/log/files/mark.ts";
import { temporaryDirectory } from "../../support/directory.ts";

describe("a file that names itself", () => {
  it("is told from its copies", () => {
    const root = temporaryDirectory();
    const [file, other] = [join(root, "a"), join(root, "b")];
    writeSelfNamed(file, "text");
    expect(readSelfNamed(file)).toEqual({ text: "text", isOwn: true });
    renameSync(file, other);
    expect(readSelfNamed(other)).toEqual({ text: "text", isOwn: true });
    copyFileSync(other, file);
    expect(readSelfNamed(file)).toEqual({ text: "text", isOwn: false });
    expect(() => writeSelfNamed(file, "")).toThrow(/EEXIST/);
    writeFileSync(file, "");
    expect(readSelfNamed(file)).toBeUndefined();
    expect(readSelfNamed(join(root, "missing"))).toBeUndefined();
  });

  it("fits by its inode alone where no time of birth is known", () => {
    expect(isSameFile("5:0", "5:123")).toBe(true);
    expect(isSameFile("5:123", "5:0")).toBe(true);
    expect(isSameFile("5:123", "5:124")).toBe(false);
    expect(isSameFile("5:123", "6:123")).toBe(false);
  });
});

describe("a mark", () => {
  it("never tells of less than another process has noted, and gives up where it can't be written", () => {
    const directory = temporaryDirectory();
    const path = join(directory, "mark");
    const mark = new Mark(path);
    mark.begin("AAAAAAAA", { tail: 5, changes: 50 });
    mark.note("AAAAAAAA", { tail: 3, changes: 30 });
    expect(mark.whyOther("AAAAAAAA", 4)).toMatch(/tells of update \d+, and the newest is/);
    expect(mark.whyOther("AAAAAAAA", 5)).toBeUndefined();
    expect(mark.whyOther("BBBBBBBB", 9)).toContain("another journal");
    expect(mark.reached("AAAAAAAA")).toMatchObject({ tail: 5, changes: 50 });
    expect(mark.reached("BBBBBBBB")).toMatchObject({ tail: 0, changes: 0 });
    expect([47, 50, 51].map((changes) => mark.missingChanges("AAAAAAAA", changes))).toEqual([3, 0, 0]);
    mark.begin("BBBBBBBB", { tail: 1, changes: 10 });
    expect(mark.whyOther("BBBBBBBB", 1)).toBeUndefined();
    rmSync(path);
    mkdirSync(path);
    mark.note("BBBBBBBB", { tail: 2, changes: 20 });
    expect(mark.whyOther("BBBBBBBB", 0)).toBeUndefined();
    expect(readdirSync(directory)).toEqual(["mark"]);
  });
});
