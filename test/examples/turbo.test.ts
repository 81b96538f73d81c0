import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { openPage } from "../browser/support.ts";
import { freePort } from "../support/free-port.ts";
import { serveArguments, type Setup, SETUPS, type SetupKind, startSetup, turn } from "../support/setups.ts";
import { startExample } from "./example.ts";

const COMPOSE = readFileSync(new URL("../../examples/turbo/compose.yaml", import.meta.url), "utf8");
const SECRET = "a-secret-for-the-test-of-32-bytes-or-more";
const PUBLIC_URL = "http://127.0.0.1:8080";
const WAIT = { timeout: 30_000 };

/** Hubs as the compose file starts them, and the application of examples/turbo once for each. */
async function startTurbo(
  kind: SetupKind,
  { args = [], port = 0 }: { readonly args?: readonly string[]; readonly port?: number } = {},
): Promise<Setup & { readonly origins: readonly string[] }> {
  const env = { ARTESIAN_JWT_KEY: SECRET, ARTESIAN_PUBLIC_URL: PUBLIC_URL, ARTESIAN_TRUSTED_PROXIES: "127.0.0.1" };
  const setup = await startSetup(kind, [...serveArguments(COMPOSE), ...args], env);
  const apps = await Promise.all(
    setup.urls.map((url) =>
      startExample("turbo/server.mjs", {
        PORT: `${port}`,
        HUB_URL: url,
        HUB_PUBLIC_URL: `${PUBLIC_URL}/.well-known/mercure`,
        ARTESIAN_JWT_KEY: SECRET,
      }),
    ),
  );
  return { ...setup, origins: apps.map(({ origin }) => origin) };
}

async function open(origin: string, user = ""): Promise<Page> {
  const page = await openPage();
  const stream = page.waitForResponse((answer) => answer.url().includes("/.well-known/mercure"));
  await page.goto(`${origin}/${user === "" ? "" : `?user=${user}`}`);
  expect((await stream).status()).toBe(200);
  return page;
}

async function send(origin: string, text: string, to = ""): Promise<void> {
  const answer = await fetch(`${origin}/messages`, { method: "POST", body: new URLSearchParams({ text, to }) });
  expect(await answer.text()).toMatch(/^#/);
}

const messages = (page: Page): Promise<string[]> => page.locator("#messages li").allTextContents();
const until = (page: Page, text: string): Promise<void> => page.locator("#messages li", { hasText: text }).waitFor(WAIT);

describe.each(SETUPS)("examples/turbo with %s", (kind) => {
  it("appends streams to all pages and private ones to their reader's, across a restart", async () => {
    const { origins, restart } = await startTurbo(kind);
    const [visitor, ada, eve] = [await open(turn(origins, 0)), await open(turn(origins, 1), "ada"), await open(turn(origins, 2), "eve")];
    const pages = [visitor, ada, eve];
    await send(turn(origins, 1), "For Ada alone.", "ada");
    await send(turn(origins, 2), "Hello, <b>world</b> & all!");
    await Promise.all(pages.map((page) => until(page, "Hello, <b>world</b> & all!")));
    await restart();
    // Before the pages are back.
    await send(turn(origins, 0), "While you were away.");
    await send(turn(origins, 1), "Another for Ada.", "ada");
    await send(turn(origins, 2), "Good night.");
    await Promise.all(pages.map((page) => until(page, "Good night.")));
    const forAll = ["Hello, <b>world</b> & all!", "While you were away.", "Good night."];
    expect(await messages(ada)).toEqual(["For Ada alone.", ...forAll.slice(0, 2), "Another for Ada.", forAll[2]]);
    expect(await messages(eve)).toEqual(forAll);
    expect(await messages(visitor)).toEqual(forAll);
  });
});

it("examples/turbo lets go of a stream when its element leaves the page, and takes one of another origin with its cookie", async () => {
  const port = await freePort();
  const { urls, origins } = await startTurbo("one process", { args: ["--cors-origin", `http://127.0.0.1:${port}`], port });
  const [page, other] = [await open(turn(origins, 0), "ada"), await open(turn(origins, 0), "ada")];
  await send(turn(origins, 0), "first");
  await until(page, "first");
  await page.locator("turbo-stream-source").evaluate((element) => element.remove());
  await send(turn(origins, 0), "second");
  await until(other, "second");
  await page.evaluate(
    (url) => {
      const source = new EventSource(`${url}?match=/users/ada/messages`, { withCredentials: true });
      (globalThis as unknown as { readonly Turbo: { connectStreamSource(source: EventSource): void } }).Turbo.connectStreamSource(source);
      return new Promise((resolve) => source.addEventListener("open", resolve, { once: true }));
    },
    turn(urls, 0),
  );
  await send(turn(origins, 0), "third", "ada");
  await until(page, "third");
  expect(await messages(page)).toEqual(["first", "third"]);
});
