import { expect, test } from "vitest";
import { readThroughCuts } from "../support/cuts.ts";

test.each(["subscribe()", "connect()", "connect() that polls"] as const)(
  "%s loses and repeats no update when each byte of an answer is the last one",
  { timeout: 120_000 },
  async (name) => {
    const { published, got, cuts } = await readThroughCuts(name, 330);
    expect(cuts).toBeGreaterThanOrEqual(330);
    expect(got).toEqual(Array.from({ length: published }, (_, i) => String(i)));
  },
);
