import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { logJournal } from "artesian/journals/log";
import { expect, it } from "vitest";
import { verify } from "../../../packages/hub/src/journals/log/tools/verify.ts";
import { newDirectory, update } from "./support.ts";

it("says that a log without segments has none", async () => {
  const directory = newDirectory();
  const journal = await logJournal({ directory });
  await journal.append([update("1")]);
  await journal.close();
  for (const name of readdirSync(directory)) if (name.endsWith(".log")) rmSync(join(directory, name));
  await expect(verify(directory)).rejects.toThrow(/has no segments: .* Put a backup in its place/);
});
