import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createEventSource } from "../../packages/client/src/event-source.ts";
import { CASES, casesIn } from "./web-platform/cases.ts";
import { drive } from "./web-platform/drive.ts";
import { serveCases } from "./web-platform/serve.ts";

describe("the web platform's eventsource tests, in Node", () => {
  it.each(casesIn("node"))("$name", async ({ index, delayMs }) => {
    const site = await serveCases(CASES);
    const { reports, delaysMs } = await drive(createEventSource, site.planOf(index));
    expect(reports).toEqual(site.expectedOf(index));
    if (delayMs === undefined) return;
    expect(delaysMs[0]).toBeGreaterThanOrEqual(delayMs);
    expect(delaysMs[0]).toBeLessThanOrEqual(delayMs * 1.25);
  });
});

describe("docs/reference/event-source.md", () => {
  /** The files that a section names, in its order. */
  function filesOf(heading: string): readonly string[] {
    const page = readFileSync(new URL("../../docs/reference/event-source.md", import.meta.url), "utf8");
    const section = page.split(`\n### ${heading}\n`)[1]?.split("\n#")[0] ?? "";
    return [...section.matchAll(/`([\w./-]+\.(?:js|htm))`/g)].map(([, file = ""]) => file);
  }
  const filesWhere = (differs: boolean): readonly string[] =>
    [...new Set(CASES.map(({ file }) => file))]
      .filter((file) => CASES.some((each) => each.file === file && each.theirs !== undefined) === differs)
      .toSorted();

  it("lists the files of the table, and no other", () => {
    expect(filesOf("Files with the same result").toSorted()).toEqual(filesWhere(false));
    expect(filesOf("Files with another result")).toEqual(filesWhere(true));
  });

  it("gives a reason for each other file", () => {
    const run = new Set(CASES.map(({ file }) => file));
    expect(filesOf("Files that do not apply").filter((file) => run.has(file))).toEqual([]);
    expect(filesOf("Files that do not apply").length).toBeGreaterThan(8);
  });
});
