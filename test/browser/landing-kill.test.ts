import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { startServer } from "../cli/command.ts";
import { LEAST_AGE_MS } from "../../demo/src/landing/server/landing.ts";
import { openPage } from "./support.ts";

/** Opens the demonstration of a real demo, as it was built. */
async function openDemonstration(url: string): Promise<Page> {
  const page = await openPage();
  await page.goto(`${url}/#demonstration`);
  await page.locator("[data-testid=connection][data-state=live]").waitFor();
  await page.getByTestId("show-start").waitFor();
  return page;
}

async function countsOf(page: Page): Promise<Record<string, number>> {
  const names = ["sent", "received", "lost", "repeated"];
  const entries = names.map(async (name) => [name, Number(await page.getByTestId(`show-${name}`).innerText())] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function processOf(url: string): Promise<number> {
  const answer = (await (await fetch(`${url}/demo/server`)).json()) as { process: number };
  return answer.process;
}

test("the landing page has the server killed, and nothing is lost or repeated", async () => {
  const { url, run } = await startServer(["--bot", "none"], {}, "demo");
  const first = await processOf(url);
  // The process of the command stays.
  expect(first).not.toBe(run.child.pid);
  const page = await openDemonstration(url);
  await page.getByTestId("show-start").click();
  await expect.poll(async () => (await countsOf(page))["received"]).toBeGreaterThan(3);

  // A process that was started a moment ago is left alone.
  const event = (kind: string) => page.locator(`[data-testid=show-event][data-kind=${kind}]`).first();
  await expect
    .poll(
      async () => {
        await page.getByTestId("show-kill").click();
        await event("killed").or(event("notYet")).first().waitFor();
        return event("killed").count();
      },
      { timeout: LEAST_AGE_MS + 30_000, interval: 1000 },
    )
    .toBe(1);
  expect(await event("killed").innerText()).toContain(String(first));
  await event("back").waitFor();
  const second = await processOf(url);
  expect(second).not.toBe(first);
  expect(await event("back").innerText()).toContain(String(second));
  await run.waitFor("stderr", /SIGKILL ended it.*another takes its place/);

  const before = (await countsOf(page))["received"] ?? 0;
  await expect.poll(async () => (await countsOf(page))["received"]).toBeGreaterThan(before + 8);
  await page.getByTestId("show-stop").click();
  await expect.poll(async () => ((await countsOf(page))["sent"] ?? 0) - ((await countsOf(page))["received"] ?? 0)).toBe(0);
  const counts = await countsOf(page);
  expect(counts).toMatchObject({ received: counts["sent"], lost: 0, repeated: 0 });
  // The journal has each number once.
  const topic = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map(({ name }) => new URL(name).searchParams.get("match") ?? "")
      .find((match) => match.startsWith("/demonstration/")),
  );
  const stream = await fetch(`${url}/events/stream?match=${encodeURIComponent(topic ?? "")}&last_event_id=earliest`);
  const numbers: string[] = [];
  let text = "";
  for await (const bytes of stream.body ?? []) {
    text += new TextDecoder().decode(bytes);
    numbers.splice(0, Infinity, ...[...text.matchAll(/^data: (\d+)$/gm)].map(([, number = ""]) => number));
    if (numbers.length >= (counts["sent"] ?? 0)) break;
  }
  expect(numbers).toEqual(Array.from({ length: counts["sent"] ?? 0 }, (_, index) => String(index + 1)));

  run.child.kill("SIGTERM");
  expect(await run.exit).toBe(0);
}, 120_000);

test("a demo whose journal is in memory has no kill button, and says why", async () => {
  const { url, run } = await startServer(["--bot", "none", "--journal", "memory"], {}, "demo");
  expect(await processOf(url)).toBe(run.child.pid);
  const page = await openDemonstration(url);
  await page.getByTestId("show-no-kill").getByText("memory only").waitFor();
  expect(await page.getByTestId("show-kill").count()).toBe(0);
  const refused = await fetch(`${url}/demo/server/kill`, { method: "POST", headers: { Origin: url } });
  expect(refused.status).toBe(409);
  await page.getByTestId("show-start").click();
  await expect.poll(async () => (await countsOf(page))["received"]).toBeGreaterThan(1);
});

test("nobody else has the server killed", async () => {
  const { url } = await startServer(["--bot", "none"], {}, "demo");
  const before = await processOf(url);
  const attempts: RequestInit[] = [
    { method: "POST" },
    { method: "POST", headers: { Origin: "https://evil.example" } },
    { method: "POST", headers: { Origin: "https://evil.example", Authorization: "Bearer x" } },
    { method: "GET", headers: { Origin: url } },
  ];
  const answers = await Promise.all(attempts.map((init) => fetch(`${url}/demo/server/kill`, init)));
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 405]);
  expect(await processOf(url)).toBe(before);
});
