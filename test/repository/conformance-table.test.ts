import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const requirements = new URL("../protocol/requirements/", import.meta.url);
const table = readFileSync(new URL("../../docs/reference/conformance.md", import.meta.url), "utf8");

/** One row: of what a test shows, `proof` is the name of its file in backquotes. */
interface Row {
  readonly id: string;
  readonly level: string;
  readonly statement: string;
  readonly proof: string;
}

const rows: readonly Row[] = [...table.matchAll(/^- \*\*([A-Z]+-\d+)\*\* ([A-Z ]+): (.+) · (.+)$/gm)].map(
  ([, id = "", level = "", statement = "", proof = ""]) => ({ id, level, statement: statement.replaceAll("\\", ""), proof }),
);

const tests: readonly string[] = readdirSync(requirements)
  .filter((file) => file.endsWith(".test.ts"))
  .flatMap((file) =>
    [...readFileSync(new URL(file, requirements), "utf8").matchAll(/^ *(?:test|it)\(\s*"(.+?)",/gm)].map(([, name]) => `${file} ${name}`),
  );

describe("the conformance table", () => {
  it("has a row for every test, and a test for every row that names a file", () => {
    const tested = rows
      .filter(({ proof }) => proof.startsWith("`"))
      .map(({ id, statement, proof }) => `${proof.slice(1, -1)} ${id}: ${statement}`);
    expect(tested.toSorted()).toEqual(tests.toSorted());
    expect(tested.length).toBeGreaterThan(150);
  });

  it("gives a reason where there is no test, and each id once", () => {
    for (const { id, level, proof } of rows) {
      expect(proof, id).toMatch(/^(?:`[\w-]+\.test\.ts`|not done|not done: .+|not applicable: .+)$/);
      expect(["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"], id).toContain(level);
    }
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    // Nothing in the table that is not a row by the pattern above.
    expect(table.match(/^- \*\*[A-Z]+-/gm)).toHaveLength(rows.length);
  });
});
