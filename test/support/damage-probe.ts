import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHub } from "../../packages/hub/src/create-hub.ts";
import { logJournal } from "../../packages/hub/src/journals/log/index.ts";
import { DAMAGES } from "../faults/lib/damage.ts";
import { createRandom } from "./random.ts";

// A program, so that an endless loop can be ended: ORIGINAL WORKPLACE FIRST END. For each seed it damages a copy, uses it, and prints one line before and one after.

const KINDS = Object.entries(DAMAGES);

/** What became of a use: all was read, parts were left out, or it was refused. */
async function use(directory: string): Promise<string> {
  let isDamaged = false;
  let journal;
  try {
    journal = await logJournal({ directory, onDamage: () => (isDamaged = true), onPutBack: () => undefined });
  } catch {
    return "refused";
  }
  const hub = createHub({ journal, anonymousPublish: true, logger: undefined, drainMs: 100 });
  const outcomes: string[] = [];
  const attempt = async (what: string, run: () => Promise<void>): Promise<void> => {
    if (process.env["TRACE"]) console.error(what);
    try {
      await run();
    } catch (error) {
      outcomes.push(`${what}: ${String(error)} ${String((error as Error).cause)}`);
    }
  };
  await attempt("replay", async () => {
    let isLive = false;
    const replay = hub.subscribe({
      lastEventId: "earliest",
      includePrivate: true,
      onLive: () => (isLive = true),
      signal: AbortSignal.timeout(5000),
    });
    // The update that follows ends it.
    const ending = hub.publish({ topic: "t", data: "end" }).catch(() => undefined);
    for await (const { data, type } of replay) {
      if (type === "hub:gap") isDamaged = true;
      if (data === "end" || isLive) break;
    }
    await ending;
  });
  await attempt("last", async () => {
    const response = await hub.fetch(new Request(`${hub.url}?match=t&last=100`));
    await response.body?.cancel();
  });
  await attempt("find", async () => void (await journal.find("id999")));
  await attempt("key", async () => void (await hub.publish({ topic: "t", data: "with a key" }, { idempotencyKey: "key" })));
  await attempt("table", async () => void (await journal.state?.entries("", { limit: 1000 })));
  await attempt("publish", async () => {
    for (let i = 0; i < 20; i++) await hub.publish({ topic: "t", data: "x".repeat(200 * i), id: `new${i}` });
  });
  const { failure } = journal;
  await hub.close();
  if (failure !== undefined) return "unavailable";
  return outcomes.length > 0 ? `failed: ${outcomes.join("; ")}` : isDamaged ? "gaps" : "read";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [original = "", workplace = "", first = "", end = ""] = process.argv.slice(2);
  for (let seed = Number(first); seed < Number(end); seed++) {
    const [kind, damage] = KINDS[seed % KINDS.length] as (typeof KINDS)[number];
    const directory = join(workplace, String(seed));
    cpSync(original, directory, { recursive: true });
    damage(directory, createRandom(seed));
    process.stdout.write(`${JSON.stringify({ seed, kind })}\n`);
    const outcome = await use(directory);
    process.stdout.write(`${JSON.stringify({ seed, kind, outcome })}\n`);
    rmSync(directory, { recursive: true });
  }
  process.exit(0);
}
