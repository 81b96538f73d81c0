import { describe, expect, it } from "vitest";
import { projectOf, testFiles } from "../projects.ts";

const filesOf = (project: string): readonly string[] => testFiles().filter((file) => projectOf(file) === project);

describe("the projects of the tests", () => {
  it("have each test file once", () => {
    const files = testFiles();
    expect(files).toContain("test/repository/projects.test.ts");
    expect([...filesOf("unit"), ...filesOf("servers"), ...filesOf("browsers")].toSorted()).toEqual(files);
  });

  it("take the tests of the core, which does no I/O, for unit tests", () => {
    expect(testFiles().filter((file) => file.startsWith("test/core/") && projectOf(file) !== "unit")).toEqual([]);
  });

  it.each([
    ["test/core/recent.test.ts", "unit"],
    ["test/client/event-parser.test.ts", "unit"],
    // By an import of its own, and through a helper.
    ["test/http/sinks/socket-handle.test.ts", "servers"],
    ["test/journals/redis/faults.test.ts", "servers"],
    ["test/cli/usage.test.ts", "servers"],
    ["test/browser/chat/talk.test.ts", "browsers"],
    ["test/protocol/streams.test.ts", "browsers"],
  ])("%s is in %s", (file, project) => {
    expect(projectOf(file)).toBe(project);
  });

  it("stop a unit test whose sources start a server or a program", () => {
    const { createServer } = process.getBuiltinModule("node:net");
    const { spawn } = process.getBuiltinModule("node:child_process");
    expect(() => createServer().listen(0)).toThrow("starts no server");
    expect(() => spawn(process.execPath, ["--version"])).toThrow("no program");
  });

  it("take the tests of pages for tests with a browser", () => {
    expect(testFiles().filter((file) => file.startsWith("test/browser/") && projectOf(file) !== "browsers")).toEqual([]);
  });
});
