import { join } from "node:path";
import { logJournal } from "artesian/journals/log";
import { expect, test } from "vitest";
import { configOf } from "../../packages/hub/src/cli/config/flags.ts";
import { importJournal } from "../../packages/hub/src/cli/journal/import.ts";
import { createOutput } from "../../packages/hub/src/cli/terminal.ts";
import { temporaryDirectory } from "../support/directory.ts";

test("an import into a stopped journal drops nothing, because the hub's own retention is not known", async () => {
  const data = temporaryDirectory();
  const lines = Array.from({ length: 50 }, (_, i) => `{"topic":"t","data":"${i}"}\n`).join("");
  const config = configOf({ data, retentionCount: "10" });
  const input = (async function* () {
    yield Buffer.from(lines);
  })();
  await importJournal(config, input, createOutput(process.stderr));
  const journal = await logJournal({ directory: join(data, "journal"), markFile: join(data, "journal.mark"), retention: {} });
  expect([journal.head(), journal.tail()]).toEqual([1, 50]);
  await journal.close();
});
