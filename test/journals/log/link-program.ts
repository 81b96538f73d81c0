import { createInterface } from "node:readline";
import { appendRequest } from "../../../packages/hub/src/journals/log/processes/requests.ts";
import { openLink } from "./link-support.ts";

// A process of a journal: `node link-program.ts DIRECTORY`. Appends each line of stdin, and prints
// `role`, `ok OFFSET LINE`, `repeated OFFSET LINE` and `failed CODE LINE`. Ends with stdin.

const [directory = ""] = process.argv.slice(2);
const link = await openLink(directory);
console.log(`open ${link.isWriter ? "writer" : "follower"} ${link.place.tail}`);
let was = link.isWriter;
setInterval(() => {
  if (link.isWriter === was) return;
  was = link.isWriter;
  console.log(`role ${was ? "writer" : "follower"}`);
}, 1).unref();
for await (const line of createInterface(process.stdin)) {
  void link.ask(appendRequest(Buffer.from(line), line.includes("key="))).then(
    (outcome) =>
      console.log(
        outcome.kind === "appended" ? `ok ${outcome.first} ${line}` : `repeated ${"offsets" in outcome ? outcome.offsets[0] : ""} ${line}`,
      ),
    (error: unknown) => console.log(`failed ${String(Reflect.get(error as object, "code"))} ${line}`),
  );
}
await link.close();
