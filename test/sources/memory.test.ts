import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fileMemory, runSources, SourceError, volatileMemory, type Source } from "../../packages/sources/src/index.ts";
import { createOutlet } from "../../packages/sources/src/outlet.ts";
import { record } from "./context.ts";
import { temporaryDirectory } from "../support/directory.ts";

describe("a memory in a file", () => {
  test("keeps what was set, for the next process", async () => {
    const path = join(temporaryDirectory(), "a", "b", "state.json");
    const memory = fileMemory(path);
    expect(await memory.get("x")).toBeUndefined();
    expect(existsSync(path)).toBe(false);
    await memory.set("x", "1\n水");
    await memory.set("y", "2");
    await memory.set("y", undefined);
    await memory.set("__proto__", "3");
    const next = fileMemory(path);
    expect([await next.get("x"), await next.get("y"), await next.get("__proto__")]).toEqual(["1\n水", undefined, "3"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(path, ".."))).toEqual(["state.json"]);
  });

  test("is written when set resolves, however many changes come at once", async () => {
    const path = join(temporaryDirectory(), "state.json");
    const memory = fileMemory(path);
    const sets = Array.from({ length: 200 }, async (_, i) => {
      await memory.set(`k${i}`, `${i}`);
      const { values } = JSON.parse(readFileSync(path, "utf8")) as { values: Record<string, string> };
      expect(values[`k${i}`]).toBe(`${i}`);
    });
    await Promise.all(sets);
    expect(await fileMemory(path).get("k199")).toBe("199");
  });

  test.each(["", "{", "[]", '{"name":"something else"}', '{"artesian":"source-state"}'])(
    "never takes the place of another file: %s",
    async (text) => {
      const path = join(temporaryDirectory(), "package.json");
      writeFileSync(path, text);
      await expect(fileMemory(path).set("x", "1")).rejects.toThrow(/not a state file/);
      await expect(fileMemory(path).get("x")).rejects.toThrow(SourceError);
      expect(readFileSync(path, "utf8")).toBe(text);
    },
  );

  test("says where it can't be written", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "file"), "");
    await expect(fileMemory(join(directory, "file", "state.json")).set("x", "1")).rejects.toThrow(/cannot be (read|written) \(ENOTDIR\)/);
    mkdirSync(join(directory, "state.json"));
    await expect(fileMemory(join(directory, "state.json")).set("x", "1")).rejects.toThrow(/EISDIR/);
    chmodSync(directory, 0o700);
  });

  test("is bounded, and what it has stays", async () => {
    const path = join(temporaryDirectory(), "state.json");
    for (const memory of [volatileMemory({ maxBytes: 10 }), fileMemory(path, { maxBytes: 10 })]) {
      await memory.set("a", "123456789");
      await expect(memory.set("b", "1")).rejects.toThrow(/larger than 10 bytes/);
      await expect(memory.set("a", "1234567890")).rejects.toThrow(SourceError);
      await memory.set("a", "1");
      await memory.set("b", "12345678".slice(0, 7));
      expect([await memory.get("a"), await memory.get("b")]).toEqual(["1", "1234567"]);
    }
    writeFileSync(path, " ".repeat(2000));
    await expect(fileMemory(path, { maxBytes: 10 }).get("a")).rejects.toThrow(/too large/);
  });
});

describe("several sources", () => {
  const setter = (value: string): Source => ({
    async run({ memory, publish, report }) {
      await memory.set("k", value);
      await publish([{ topic: value }]);
      report({ kind: "published", updates: 1 });
    },
  });

  test("have a memory each, and reports with their names", async () => {
    const context = record();
    const reports: string[] = [];
    await runSources({ a: setter("1"), b: setter("2") }, { ...context, report: (_, name) => void reports.push(name) });
    expect([await context.memory.get("a/k"), await context.memory.get("b/k")]).toEqual(["1", "2"]);
    expect(reports.toSorted()).toEqual(["a", "b"]);
    expect(context.updates).toHaveLength(2);
  });

  test("end when one fails for good, and when they are stopped", async () => {
    const waits: Source = { run: ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())) };
    const fails: Source = { run: () => Promise.reject(new SourceError("No such thing.")) };
    await expect(runSources({ waits, fails }, { ...record(), report: () => undefined })).rejects.toThrow("fails: No such thing.");
    const context = record();
    const run = runSources({ waits, also: waits }, context);
    context.stop();
    await run;
  });
});

test("what no hub takes does not keep the rest from going out", async () => {
  const context = record();
  await createOutlet({ private: true, maxDataBytes: 100 }).publish(context, [
    { topic: "a" },
    { topic: "*" },
    { topic: "a\nb" },
    { topic: "/.well-known/%6Dercure/x" },
    { topic: "b", type: "hub:gap" },
    { topic: "b", id: "#1" },
    { topic: "b", data: "x".repeat(101) },
    { topic: "b", data: "\uD800" },
    { topic: "c", data: "x".repeat(100) },
  ]);
  expect(context.updates).toEqual([
    { topic: "a", private: true },
    { topic: "c", data: "x".repeat(100), private: true },
  ]);
  expect(context.problems).toEqual([expect.stringMatching(/^7 of 9 updates were left out\. The topic `\*`/)]);
});
