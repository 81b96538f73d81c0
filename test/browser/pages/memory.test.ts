import type { CDPSession } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { startDemo } from "./demo.ts";
import { openPage, settle } from "./profile.ts";

/** How long the pages are under load. `PAGES_LOAD_MS=300000` is the full size. */
const LOAD_MS = Number(process.env["PAGES_LOAD_MS"] ?? 15_000);

/** Growth that is not of the load: code that is compiled, and caches of the browser. */
const SPARE_BYTES = 1.5 * 2 ** 20;
const SPARE_NODES = 1500;

/** Visitors of the chat who write. Each may write one message a second. */
const WRITERS = 20;

/** Messages that the chat's page keeps, and most before it drops some. */
const KEPT = { least: 500, most: 550 };

/** Measurements of which the least counts: work that waits for the processor holds what is gone already. */
const SAMPLES = 5;

interface Held {
  readonly bytes: number;
  readonly nodes: number;
}

/** Measures what a page holds after its garbage is collected. */
async function held(session: CDPSession): Promise<Held> {
  let least: Held = { bytes: Infinity, nodes: Infinity };
  for (let i = 0; i < SAMPLES; i++) {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    const { nodes } = await session.send("Memory.getDOMCounters");
    least = { bytes: Math.min(least.bytes, usedSize), nodes: Math.min(least.nodes, nodes) };
  }
  return least;
}

/** Writes in the lobby as many visitors at once. @returns The number of messages so far. */
async function startWriters(origin: string): Promise<() => number> {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  let count = 0;
  const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${origin}/chat/lobby/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  async function write(name: string): Promise<void> {
    let token = "";
    for (let i = 0; !stop.signal.aborted; i++) {
      const message = { id: `${name}-message-${i}`, nickname: name, text: `${name} says ${i}: https://example.com/${i} and \`code\`` };
      const response = await post("messages", message, { Authorization: `Bearer ${token}` });
      if (response.status === 401) ({ token } = (await (await post("token", {})).json()) as { token: string });
      else if (response.status === 201) count++;
      else await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  for (let i = 0; i < WRITERS; i++) void write(`writer${i}`).catch(() => undefined);
  return () => count;
}

test("pages under load hold no more at the end than when they were full", { timeout: LOAD_MS + 480_000, retry: 0 }, async () => {
  const origin = await startDemo();
  const written = await startWriters(origin);
  const pages = new Map<string, CDPSession>();
  let shown = (): Promise<number> => Promise.resolve(0);
  for (const path of ["/chat/lobby", "/stocks", "/news"]) {
    // Windows of their own, so that none is hidden.
    const page = await openPage();
    await page.goto(origin + path);
    await settle(page, path);
    pages.set(path, await page.context().newCDPSession(page));
    // On a busy machine, the market takes seconds to make up its past.
    if (path === "/stocks") await page.getByTestId("row").first().waitFor({ timeout: 120_000 });
    if (path === "/chat/lobby") shown = () => page.getByTestId("message").count();
  }
  await expect.poll(shown, { timeout: 120_000, interval: 500 }).toBeGreaterThanOrEqual(KEPT.least);
  const first = new Map<string, Held>();
  for (const [path, session] of pages) first.set(path, await held(session));
  const startCount = written();
  await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
  const faults: string[] = [];
  for (const [path, session] of pages) {
    const [start, end] = [first.get(path) as Held, await held(session)];
    console.info(`${path}: ${start.bytes} → ${end.bytes} bytes, ${start.nodes} → ${end.nodes} nodes`);
    if (end.bytes > start.bytes + SPARE_BYTES) faults.push(`${path} grew from ${start.bytes} to ${end.bytes} bytes`);
    if (end.nodes > start.nodes + SPARE_NODES) faults.push(`${path} grew from ${start.nodes} to ${end.nodes} nodes`);
  }
  console.info(`${written() - startCount} messages in ${LOAD_MS / 1000} s, ${await shown()} shown`);
  expect(await shown()).toBeLessThanOrEqual(KEPT.most);
  expect(faults).toEqual([]);
});
