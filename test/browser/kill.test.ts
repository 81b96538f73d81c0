import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { start, type Run } from "../cli/command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { freePort } from "../support/free-port.ts";
import { openPage } from "./support.ts";

async function startDemo(data: string, port: number): Promise<Run> {
  const run = start(["demo", "--port", String(port), "--data", data, "--log-level", "warn", "--cookie-name", "token"]);
  await run.waitFor("stdout", /^listening on /);
  return run;
}

async function enter(origin: string, nickname: string): Promise<Page> {
  const page = await openPage();
  await page.goto(`${origin}/chat/kill-test`);
  await page.getByTestId("nickname-input").fill(nickname);
  await page.keyboard.press("Enter");
  await waitForState(page, "live");
  return page;
}

async function waitForState(page: Page, state: string): Promise<void> {
  await page.locator(`[data-testid="connection"][data-state="${state}"]`).waitFor();
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer").fill(text);
  await page.keyboard.press("Enter");
}

/** The texts of people that a page shows, those on their way included. */
async function shown(page: Page): Promise<string[]> {
  return page.locator(`[data-testid="message"]:not([data-bot="true"]) [data-testid="message-text"]`).allTextContents();
}

/** Collects what a native `EventSource` receives, with nothing between it and the test: its token is in the hub's cookie. */
async function watchRaw(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(async () => {
    const answer = await fetch("/chat/kill-test/token", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    const { token } = (await answer.json()) as { token: string };
    document.cookie = `token=${token}`;
    const received: string[] = [];
    Object.assign(globalThis, { received });
    const source = new EventSource("/events/stream?match=/chat/kill-test");
    source.addEventListener("chat", (event) => received.push((JSON.parse(event.data) as { text: string }).text));
    source.addEventListener("hub:gap", (event) => received.push(`gap ${event.data as string}`));
    return new Promise((resolve) => source.addEventListener("open", resolve, { once: true }));
  });
  return () => page.evaluate(() => (globalThis as unknown as { received: string[] }).received);
}

describe("a chat whose server is killed with -9 and started again", () => {
  it("goes on by itself: no message lost, none doubled", { timeout: 120_000 }, async () => {
    const data = temporaryDirectory();
    const port = await freePort();
    const first = await startDemo(data, port);
    const origin = `http://127.0.0.1:${port}`;
    const ada = await enter(origin, "Ada");
    const grace = await enter(origin, "Grace");
    const raw = await openPage();
    await raw.goto(`${origin}/`);
    const received = await watchRaw(raw);

    await say(ada, "before");
    await grace.getByText("before", { exact: true }).waitFor();
    const bot = ada.locator(`[data-testid="message"][data-bot="true"]`);
    await say(grace, "@artie hello");
    await bot.first().waitFor();

    // Both keep writing while the server dies and is away.
    for (let i = 0; i < 3; i++) await say(ada, `ada ${i}`);
    first.child.kill("SIGKILL");
    await first.exit;
    for (let i = 3; i < 5; i++) await say(ada, `ada ${i}`);
    for (let i = 0; i < 2; i++) await say(grace, `grace ${i}`);
    await waitForState(ada, "reconnecting");
    await waitForState(grace, "reconnecting");

    await startDemo(data, port);
    await waitForState(ada, "live");
    await waitForState(grace, "live");
    await say(grace, "after");
    await ada.getByText("after", { exact: true }).waitFor();
    await say(ada, "@artie are you still there?");
    await expect.poll(() => bot.count()).toBe(2);

    const expected = [
      "before",
      "@artie hello",
      ...[0, 1, 2, 3, 4].map((i) => `ada ${i}`),
      "grace 0",
      "grace 1",
      "after",
      "@artie are you still there?",
    ];
    for (const page of [ada, grace]) {
      // Messages on their way are shown last, and may move when they arrive.
      await page.locator(`[data-testid="message"]:not([data-status="received"])`).first().waitFor({ state: "detached" });
      await expect.poll(async () => (await shown(page)).toSorted()).toEqual(expected.toSorted());
      const texts = await shown(page);
      expect(texts.filter((text) => text.startsWith("ada"))).toEqual([0, 1, 2, 3, 4].map((i) => `ada ${i}`));
    }
    const people = await shown(ada);
    const fromPeople = async (): Promise<string[]> => (await received()).filter((text) => expected.includes(text));
    await expect.poll(fromPeople).toEqual(people);
    expect((await received()).filter((text) => text.startsWith("gap"))).toEqual([]);

    // Whoever comes later finds the same room.
    const late = await enter(origin, "Late");
    await expect.poll(() => shown(late)).toEqual(people);
  });

  it("goes on though its key is another one now", async () => {
    const data = temporaryDirectory();
    const port = await freePort();
    const first = await startDemo(data, port);
    const origin = `http://127.0.0.1:${port}`;
    const ada = await enter(origin, "Ada");
    await say(ada, "before");
    await ada.locator(`[data-testid="message"][data-bot="true"]`).waitFor();
    const tokens: number[] = [];
    ada.on("response", (response) => {
      if (response.url().endsWith("/token")) tokens.push(response.status());
    });
    const refused = ada.waitForResponse((response) => response.status() === 401);
    first.child.kill("SIGKILL");
    await first.exit;
    rmSync(join(data, "chat-keys.json"));
    await say(ada, "meanwhile");
    await waitForState(ada, "reconnecting");

    await startDemo(data, port);
    await refused;
    await waitForState(ada, "live");
    await ada.locator(`[data-testid="message"][data-status="received"]`, { hasText: "meanwhile" }).waitFor();
    await expect.poll(() => shown(ada)).toEqual(["before", "meanwhile"]);
    await expect.poll(() => ada.locator(`[data-testid="message"][data-own="true"]`).count()).toBe(2);
    expect(tokens.filter((status) => status === 200).length).toBeLessThanOrEqual(2);
  });
});
