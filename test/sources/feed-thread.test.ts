import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, onTestFinished, test } from "vitest";
import { feedSource } from "../../packages/sources/src/feed/index.ts";
import type { ReadFeed } from "../../packages/sources/src/feed/item.ts";
import { createReader } from "../../packages/sources/src/feed/reader.ts";
import { startHub } from "../support/server.ts";
import { fastClock, record } from "./context.ts";

/** Bytes of a hostile feed. The default of `maxBytes` is 8 MiB. */
const LENGTH = 7_900_000;

/** Most of the processor's time that one turn of the event loop may take, in milliseconds. */
const LONGEST_TURN_MS = 100;

const rss = (inner: string): string => `<rss version="2.0"><channel><title>t</title>${inner}</channel></rss>`;
const times = (piece: string, length = LENGTH): string => piece.repeat(Math.floor(length / piece.length));
const items = (inner: (index: number) => string): string => {
  const { length } = `<item>${inner(1000)}</item>`;
  return rss(Array.from({ length: Math.floor(LENGTH / (length + 3)) }, (_, index) => `<item>${inner(index)}</item>`).join(""));
};
const ATTRIBUTES = Array.from({ length: 64 }, (_, index) => `a${index}="&amp;"`).join(" ");

const HOSTILE: Readonly<Record<string, () => string>> = {
  "deep nesting": () => rss(`<item>${times("<a>")}`),
  "many attributes": () => items((index) => `<title ${ATTRIBUTES}>t${index}</title>`),
  "many entities": () => items((index) => `<title>${index}${"&lt;".repeat(1000)}</title>`),
  "many items with strange dates": () => items((index) => `<title>t${index}</title><pubDate>${"a ".repeat(50)}</pubDate>`),
  "one huge text": () => rss(`<item><title>t</title><description>${times("x")}</description></item>`),
  "many CDATA sections": () => rss(`<item><title>t</title><description>${times("<![CDATA[x]]>")}</description></item>`),
  "malformed HTML": () => items((index) => `<title>t${index}</title><description><![CDATA[${'<a "'.repeat(5000)}]]></description>`),
  "many long links": () => items((index) => `<title>t${index}</title><link>https://e.example/${"a%".repeat(900)}</link>`),
};

/** Serves a text, from a thread. The event loop under test sends nothing. */
async function serve(text: string): Promise<string> {
  const program = `
    const { workerData, parentPort } = require("node:worker_threads");
    const server = require("node:http").createServer((req, res) => res.end(workerData));
    server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`;
  const worker = new Worker(program, { eval: true, workerData: Buffer.from(text), execArgv: [] });
  onTestFinished(async () => void (await worker.terminate()));
  const [port] = (await once(worker, "message")) as [number];
  return `http://127.0.0.1:${port}/feed`;
}

/** The time that the processor has worked for this thread, in milliseconds. Waits for a busy processor do not count. */
function workedMs(): number {
  return Number(readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")[0]) / 1e6;
}

/** Watches the turns of the event loop until the test ends. */
function watchTurns(): { readonly longestMs: () => number } {
  let [longestMs, last] = [0, workedMs()];
  const tick = (): void => {
    const now = workedMs();
    longestMs = Math.max(longestMs, now - last);
    last = now;
  };
  const timer = setInterval(tick, 1);
  onTestFinished(() => clearInterval(timer));
  return { longestMs: () => (tick(), longestMs) };
}

const good = rss("<item><title>Fine</title><link>https://e.example/fine</link></item>");

describe("a hostile feed", () => {
  test.each(Object.entries(HOSTILE))("with %s does not hold up a stream", async (_, text) => {
    const address = await serve(text());
    const { hub, url } = await startHub();
    const stop = new AbortController();
    const stream = await fetch(`${url}?match=/clock`, { signal: stop.signal });
    const context = record(undefined, async (updates) => void (await hub.publishBatch(updates)));
    const turns = watchTurns();
    const run = context.start(feedSource({ feeds: address, first: 10_000, once: true })).catch(() => undefined);
    let published = 0;
    const publishing = setInterval(() => void hub.publish({ topic: "/clock", data: `tick ${published++};` }), 20);
    await run;
    const longestMs = turns.longestMs();
    clearInterval(publishing);
    await hub.publish({ topic: "/clock", data: "the last" });
    let received = "";
    for await (const chunk of stream.body ?? []) {
      received += Buffer.from(chunk as Uint8Array).toString("latin1");
      if (received.includes("the last")) break;
    }
    stop.abort();
    expect(received.match(/tick \d+;/g)).toHaveLength(published);
    expect(published).toBeGreaterThan(2);
    expect(longestMs).toBeLessThan(LONGEST_TURN_MS);
  });

  test("is given up after parseTimeoutMs, and the next feed is read", async () => {
    const slow = record();
    const source = feedSource({ feeds: await serve(HOSTILE["many attributes"]?.() ?? ""), once: true, parseTimeoutMs: 10 });
    await expect(slow.start(source)).rejects.toThrow(/took too long to read: more than 10 ms, the bound \(parseTimeoutMs\)/);
    const next = record();
    await next.start(feedSource({ feeds: await serve(good), once: true }));
    expect(next.updates).toHaveLength(1);
  });

  test("that needs too much memory ends its thread, and the other feeds of the source are read", async () => {
    const elements = rss(`<item><title>t</title>${times("<category>c</category>", 4_000_000)}</item>`);
    const feeds = [
      { name: "hostile", url: await serve(elements) },
      { name: "good", url: await serve(good) },
    ];
    const context = record();
    const run = context.start(feedSource({ feeds, maxParseBytes: 2 ** 24, clock: fastClock(4) }));
    await context.until(() => context.updates.length === 1 && context.problems.length >= 2);
    context.stop();
    await run;
    for (const problem of context.problems) expect(problem).toMatch(/needs more memory to read than 16 MiB, the bound \(maxParseBytes\)/);
    expect(context.updates[0]?.topic).toBe("/news/good");
  });

  test("is given up when its source is stopped, and so is a feed that waits", async () => {
    const bounds = { maxItems: 100, summaryLength: 100, timeoutMs: 60_000, memoryBytes: 2 ** 28 };
    const reader = createReader(bounds);
    onTestFinished(() => reader.release());
    const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
    const read = (text: string, { signal }: AbortController): Promise<ReadFeed> =>
      reader.read({ body: Buffer.from(text), url: "https://e.example/" }, signal);
    const reading = read(HOSTILE["many attributes"]?.() ?? "", first);
    const waiting = read(good, second);
    const last = read(good, third);
    second.abort(new Error("The second was stopped."));
    await expect(waiting).rejects.toThrow("The second was stopped.");
    first.abort(new Error("The first was stopped."));
    await expect(reading).rejects.toThrow("The first was stopped.");
    expect((await last).entries).toHaveLength(1);
  });
});

test("a program ends when its source has ended", async () => {
  const program = `
    import { feedSource, volatileMemory } from "artesian-sources";
    const [feeds] = process.argv.slice(-1);
    const signal = new AbortController().signal;
    const publish = async (updates) => console.log(JSON.parse(updates[0].data).title);
    await feedSource({ feeds, once: true }).run({ publish, memory: volatileMemory(), signal, report: () => {} });`;
  const cwd = fileURLToPath(new URL("../../packages/sources", import.meta.url));
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program, await serve(good)], { cwd });
  onTestFinished(() => void child.kill("SIGKILL"));
  let printed = "";
  for (const output of [child.stdout, child.stderr]) output.on("data", (text: Buffer) => (printed += text.toString()));
  expect(await once(child, "close")).toEqual([0, null]);
  expect(printed).toBe("Fine\n");
});
