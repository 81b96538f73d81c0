import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { openPage } from "../browser/support.ts";
import { startServer } from "../cli/command.ts";
import { freePort } from "../support/free-port.ts";

const APP = fileURLToPath(new URL("../../examples/flask/app.py", import.meta.url));
const SECRET = "a-secret-for-the-test-of-32-bytes-or-more";

/** Runs a hub and the example as its first lines say; both end with the test. @returns Where the pages are, and the hub. */
async function startFlask(env: Readonly<Record<string, string>> = {}): Promise<{ readonly origin: string; readonly hub: string }> {
  // The hub must know the page's origin before there is a page.
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const { url } = await startServer(
    [
      "--issuer",
      "https://flask.example",
      "--jwt-alg",
      "HS256",
      "--anonymous",
      "--cors-origin",
      origin,
      "--retry-min",
      "50ms",
      "--retry-max",
      "100ms",
    ],
    { tokens: true, env: { ARTESIAN_JWT_KEY: SECRET } },
  );
  const hub = `${url}/.well-known/mercure`;
  const child = spawn("/usr/bin/python3", ["-B", APP], {
    env: { ...process.env, no_proxy: "127.0.0.1", ARTESIAN_JWT_KEY: SECRET, HUB_URL: hub, PORT: `${port}`, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill();
    await exited;
    expect(log).not.toContain("Traceback");
  });
  for await (const line of createInterface({ input: child.stdout })) if (line === `listening on ${origin}`) return { origin, hub };
  throw new Error(`The example ended before it listened.\n${log}`);
}

/** The answer to the page's next subscription. */
async function subscribed(page: Page, hub: string): Promise<number> {
  return (await page.waitForResponse((response) => response.url().startsWith(hub))).status();
}

async function signIn(page: Page, hub: string, name: string): Promise<void> {
  await page.getByPlaceholder("name").fill(name);
  const stream = subscribed(page, hub);
  await page.getByRole("button", { name: "Sign in" }).click();
  expect(await stream).toBe(200);
}

async function send(page: Page, text: string, to = ""): Promise<void> {
  await page.getByPlaceholder("note").fill(text);
  await page.getByPlaceholder("to everyone").fill(to);
  const answer = page.waitForResponse((response) => response.url().endsWith("/notes"));
  await page.getByRole("button", { name: "Send" }).click();
  expect((await answer).status()).toBe(201);
}

const notes = (page: Page): Promise<string[]> => page.locator("#notes li").allTextContents();
const until = (page: Page, text: string): Promise<void> => page.locator("#notes li", { hasText: text }).waitFor();

describe("the Flask example", () => {
  it("publishes from Python into open pages, and private notes only to whom they are for", async () => {
    const { origin, hub } = await startFlask();
    const [visitor, ada, eve] = [await openPage(), await openPage(), await openPage()];
    for (const page of [visitor, ada, eve]) {
      const stream = subscribed(page, hub);
      await page.goto(origin);
      expect(await stream).toBe(200);
    }
    await signIn(ada, hub, "ada");
    await signIn(eve, hub, "eve");
    await send(visitor, "Hello, <b>world</b>!");
    await send(visitor, "For Ada alone.", "ada");
    await send(visitor, "Good night.");
    for (const page of [visitor, ada, eve]) await until(page, "Good night.");
    expect(await notes(ada)).toEqual(["Hello, <b>world</b>!", "For Ada alone.", "Good night."]);
    expect(await notes(eve)).toEqual(["Hello, <b>world</b>!", "Good night."]);
    expect(await notes(visitor)).toEqual(["Hello, <b>world</b>!", "Good night."]);
  });

  it("gives no one another's notes who asks for them by name", async () => {
    const { origin, hub } = await startFlask();
    const [ada, eve] = [await openPage(), await openPage()];
    for (const [page, name] of [
      [ada, "ada"],
      [eve, "eve"],
    ] as const) {
      await page.goto(origin);
      await signIn(page, hub, name);
    }
    // Another page of the same site, with the cookie of eve.
    await eve.evaluate((url) => {
      const source = new EventSource(url, { withCredentials: true });
      source.addEventListener("message", ({ data }: MessageEvent<string>) => document.getElementById("notes")?.append(`${data};`));
      return new Promise((resolve) => source.addEventListener("open", resolve));
    }, `${hub}?match=/users/ada/notes&match=/notes`);
    await send(ada, "For Ada alone.", "ada");
    await send(ada, "For all.");
    await until(ada, "For all.");
    await eve.waitForFunction(() => document.getElementById("notes")?.textContent?.includes("For all.;"));
    expect(await eve.locator("#notes").textContent()).not.toContain("Ada");
  });

  it("renews the cookie while a page is open, and misses nothing", async () => {
    const { origin, hub } = await startFlask({ TOKEN_SECONDS: "3" });
    const page = await openPage();
    await page.goto(origin);
    await signIn(page, hub, "ada");
    const renewed = page.waitForResponse(`${origin}/hub-cookie`);
    const again = subscribed(page, hub);
    expect((await renewed).status()).toBe(204);
    await send(page, "Before the end.", "ada");
    expect(await again).toBe(200);
    await send(page, "After it.", "ada");
    await until(page, "After it.");
    expect(await notes(page)).toEqual(["Before the end.", "After it."]);
  });
});
