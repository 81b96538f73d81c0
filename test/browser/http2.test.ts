import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { startServer } from "../cli/command.ts";
import { ask, makeFiles, openSession } from "../cli/tls/certificates.ts";
import { browser } from "./support.ts";

const TABS = 50;

/** How many connections a port of the loopback has, as the kernel lists them. */
function connectionsTo(port: number): number {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  const established = readFileSync("/proc/net/tcp", "utf8").matchAll(/^ *\d+: (\S+ )\S+ 01 /gm);
  return Array.from(established).filter(([, address]) => address === local).length;
}

/** Subscribes in a page, and keeps what arrives. */
async function subscribe(page: Page): Promise<void> {
  await page.evaluate(() => {
    const received: string[] = [];
    Object.assign(globalThis, { received });
    const source = new EventSource("/events/stream?match=a");
    source.addEventListener("message", ({ data }) => received.push(data as string));
    return new Promise((resolve) => source.addEventListener("open", resolve));
  });
}

const received = (page: Page): Promise<unknown> => page.evaluate(() => Reflect.get(globalThis, "received"));

test(`${TABS} tabs of a browser have their streams on one connection of HTTP/2`, { timeout: 300_000 }, async () => {
  const files = makeFiles();
  const { url } = await startServer(["--tls-cert", files.cert, "--tls-key", files.key, "--journal", "memory"]);
  const context = await (await browser()).newContext({ ignoreHTTPSErrors: true });
  onTestFinished(() => context.close());
  const pages = await Promise.all(Array.from({ length: TABS }, () => context.newPage()));
  for (const page of pages) {
    await page.goto(url);
    await subscribe(page);
  }
  await expect.poll(() => connectionsTo(Number(new URL(url).port))).toBe(1);
  await ask(openSession(url, files), "/events/stream", { topic: "a", data: "to all" });
  for (const page of pages) await expect.poll(() => received(page)).toEqual(["to all"]);
});
