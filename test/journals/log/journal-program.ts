import { createInterface } from "node:readline";
import { HubError } from "../../../packages/hub/src/core/errors.ts";
import { logJournal } from "../../../packages/hub/src/journals/log/index.ts";
import { update } from "./plain-update.ts";

// A process of a journal: `node journal-program.ts OPTIONS`, as JSON. Appends each line of stdin, with a key if it begins with `key=`. Prints
// `ok OFFSET LINE`, `repeated OFFSET LINE` and `failed CODE LINE`. Ends with stdin.

const [options = "{}"] = process.argv.slice(2);
const journal = await logJournal(JSON.parse(options) as Parameters<typeof logJournal>[0]);
console.log(`open ${journal.epoch} ${journal.tail()}`);
const append = async (line: string): Promise<string> => {
  const batch = [update(line)];
  if (!line.startsWith("key=")) return `ok ${(await journal.append(batch))[0]}`;
  const outcome = await journal.idempotency?.append({ key: line, request: line, batch });
  return `${outcome?.kind === "appended" ? "ok" : outcome?.kind} ${outcome !== undefined && "offsets" in outcome ? outcome.offsets[0] : ""}`;
};
for await (const line of createInterface(process.stdin)) {
  void append(line).then(
    (outcome) => console.log(`${outcome} ${line}`),
    (error: unknown) => console.log(`failed ${error instanceof HubError ? error.code : String(error)} ${line} ${String(error)}`),
  );
}
await journal.close();
