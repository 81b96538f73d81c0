import { rmSync } from "node:fs";
import { journalContract } from "artesian/testing";
import { describe, it } from "vitest";
import { newDirectory, singleJournal } from "./support.ts";

describe("the store of the log", () => {
  it.each(journalContract.map((one) => [one.name, one] as const))("%s", async (_name, one) => {
    const directory = newDirectory();
    await one.run({
      open: ({ retention }) => singleJournal({ directory, retention }),
      wipe: async () => rmSync(directory, { recursive: true }),
      persistence: "durable",
      state: "shared",
      idempotency: "kept",
    });
  });
});
