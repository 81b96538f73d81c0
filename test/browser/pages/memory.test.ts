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

/** Messages before the first measurement, so that the page holds as many as it keeps: 500, and 50 more before it drops some. */
const FILLED = 600;

interface Held {
  readonly bytes: number;
  readonly nodes: number;
}

/** Measures what a page holds after its garbage is collected. */
async function held(session: CDPSession): Promise<Held> {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const { nodes } = await session.send("Memory.getDOMCounters");
  return { bytes: usedSize, nodes };
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

test("pages under load hold no more at the end than when they were full", { timeout: LOAD_MS + 240_000, retry: 0 }, async () => {
  const origin = await startDemo();
  const written = await startWriters(origin);
  const pages = new Map<string, CDPSession>();
  for (const path of ["/chat/lobby", "/stocks", "/news"]) {
    // Windows of their own, so that none is hidden.
    const page = await openPage();
    await page.goto(origin + path);
    await settle(page, path);
    pages.set(path, await page.context().newCDPSession(page));
  }
  const before = written();
  await expect.poll(() => written() - before, { timeout: 120_000, interval: 500 }).toBeGreaterThan(FILLED);
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
  console.info(`${written() - startCount} messages in ${LOAD_MS / 1000} s`);
  expect(faults).toEqual([]);
});
