import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { send, startServer, type RunningServer } from "../cli/command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { openPage } from "./support.ts";

/** As many as a browser holds of one server over HTTP/1.1, less one for what else it asks. */
const SOURCES = 5;
const HELD = 3;
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const FLAGS = ["--retention-count", String(HELD), "--retry-min", "200ms", "--retry-max", "500ms"];

async function publish({ hub }: RunningServer, data: string): Promise<string> {
  const { status, body } = await send(hub, { method: "POST", headers: FORM }, `topic=t&data=${data}`);
  expect(status).toBe(200);
  return body;
}

/** Opens native `EventSource`s, and collects what each of them is told: data, and `gap REASON`. */
async function watch(page: Page): Promise<() => Promise<string[][]>> {
  await page.evaluate(
    (count) =>
      Promise.all(
        Array.from({ length: count }, () => {
          const told: string[] = [];
          ((globalThis as unknown as { told?: string[][] }).told ??= []).push(told);
          const source = new EventSource("/events/stream?match=t");
          source.addEventListener("message", ({ data }) => told.push(data as string));
          source.addEventListener("hub:gap", ({ data }) => told.push(`gap ${(JSON.parse(data as string) as { reason: string }).reason}`));
          return new Promise((resolve) => source.addEventListener("open", resolve, { once: true }));
        }),
      ),
    SOURCES,
  );
  return () => page.evaluate(() => (globalThis as unknown as { told: string[][] }).told);
}

describe("a native EventSource that was away", () => {
  it.each([
    { what: "while what it missed was dropped", reason: "trimmed", wipes: false, missed: 10 },
    { what: "while the journal was deleted, and got as many updates again", reason: "epoch", wipes: true, missed: 1 },
  ])("$what is told of the gap, each of them, and has all that is held", async ({ reason, wipes, missed }) => {
    const cwd = temporaryDirectory();
    const first = await startServer(FLAGS, { cwd });
    const page = await openPage();
    const proxy = await TcpProxy.start(Number(new URL(first.url).port));
    await page.goto(`http://127.0.0.1:${proxy.port}/health`);
    const told = await watch(page);
    await publish(first, "before");
    await expect.poll(told).toEqual(Array.from({ length: SOURCES }, () => ["before"]));
    first.run.child.kill("SIGKILL");
    await first.run.exit;
    if (wipes) rmSync(join(cwd, "data"), { recursive: true });
    const second = await startServer(FLAGS, { cwd });
    const lines = Array.from({ length: missed }, (_, i) => JSON.stringify({ topic: "t", data: `missed ${i}` })).join("\n");
    expect((await send(second.hub, { method: "POST", headers: { "content-type": "application/x-ndjson" } }, lines)).status).toBe(200);
    await publish(second, "last");
    proxy.retarget(Number(new URL(second.url).port));
    const held = [...Array.from({ length: missed }, (_, i) => `missed ${i}`), "last"].slice(-HELD);
    await expect.poll(told, { timeout: 30_000 }).toEqual(Array.from({ length: SOURCES }, () => ["before", `gap ${reason}`, ...held]));
  });
});
