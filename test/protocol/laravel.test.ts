import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { openPage } from "../browser/support.ts";
import { serveArguments, type Setup, SETUPS, type SetupKind, startSetup, turn } from "../support/setups.ts";
import { broadcast, PUBLIC_URL, SECRET, startApplication } from "./laravel/application.ts";
import { type EchoPage, installEcho, type Seen } from "./laravel/page.ts";

const COMPOSE = readFileSync(new URL("../../examples/laravel/compose.yaml", import.meta.url), "utf8");
/** The origin of the application in the compose file. */
const COMPOSED = "http://localhost:8000";
const WAIT = { timeout: 30_000 };
const ALL = ["news", "private-orders.1", "private-encrypted-vault", "presence-room.(1)"] as const;

interface Laravel extends Setup {
  readonly origin: string;
}

async function startLaravel(kind: SetupKind, seconds: number): Promise<Laravel> {
  const origin = await startApplication(seconds);
  const args = serveArguments(COMPOSE).map((arg) => (arg === COMPOSED ? origin : arg));
  const setup = await startSetup(kind, args, { ARTESIAN_JWT_KEY: SECRET, ARTESIAN_PUBLIC_URL: PUBLIC_URL });
  return { ...setup, origin };
}

/** A page of a user who has joined channels. */
async function join(laravel: Laravel, index: number, user: string, channels: readonly string[], page?: Page): Promise<Page> {
  const joined = page ?? (await openPage());
  await joined.goto(laravel.origin);
  await joined.evaluate(installEcho, { hub: turn(laravel.urls, index), user, channels });
  await joined.evaluate(() => globalThis.echo.join());
  await expect.poll(async () => (await seen(joined)).here, WAIT).toBeDefined();
  return joined;
}

const seen = (page: Page): Promise<Seen> => page.evaluate(() => globalThis.echo.seen);
const post = (page: Page, ...args: Parameters<EchoPage["post"]>): Promise<number> =>
  page.evaluate((values) => globalThis.echo.post(...values), args);

describe.each(SETUPS)("the requests of Laravel's broadcaster and of Echo's Mercure connector, with %s", (kind) => {
  it("carry public, private, encrypted and presence channels and whispers, for several tabs", async () => {
    const laravel = await startLaravel(kind, 300);
    const ada = await join(laravel, 0, "ada", ALL);
    const [bob, eve] = [await join(laravel, 1, "bob", ALL), await join(laravel, 2, "eve", ["news"])];
    const tab = await join(laravel, 1, "ada", ALL, await ada.context().newPage());

    await broadcast(laravel.origin, turn(laravel.urls, 2), ALL, "OrderShipped", { id: 1, note: "é&+%" });
    await broadcast(laravel.origin, turn(laravel.urls, 0), ["news", "sports"], "Last", {});
    const payload = '{"id":1,"note":"é&+%"}';
    const expected = [...ALL.map((name) => `${name} OrderShipped ${payload}`), "news Last {}"];
    for (const page of [ada, bob, tab]) await expect.poll(async () => (await seen(page)).events, WAIT).toEqual(expected);
    await expect.poll(async () => (await seen(eve)).events, WAIT).toEqual([`news OrderShipped ${payload}`, "news Last {}"]);

    expect(await post(ada, "whisper", "presence-room.(1)", "client-typing", { name: "ada" })).toBe(200);
    for (const page of [bob, tab])
      await expect.poll(async () => (await seen(page)).whispers, WAIT).toEqual(['presence-room.(1) client-typing {"name":"ada"}']);
    expect((await seen(ada)).whispers).toEqual([]);
    // Nobody forges an event of the server, and who is not in a channel whispers to nobody.
    expect(await post(ada, "channel", "private-orders.1", "OrderShipped", {})).toBe(403);
    expect(await post(eve, "whisper", "presence-room.(1)", "client-typing", {})).toBe(403);

    // The list has the own user, whichever process answers.
    expect((await seen(ada)).here).toEqual(["ada"]);
    expect((await seen(bob)).here).toEqual(expect.arrayContaining(["ada", "bob"]));
    await expect.poll(async () => (await seen(ada)).changes.filter((change) => change !== "+ada"), WAIT).toEqual(["+bob"]);
    await bob.goto("about:blank");
    await expect.poll(async () => (await seen(ada)).changes.filter((change) => change !== "+ada"), WAIT).toEqual(["+bob", "-bob"]);
    expect((await seen(tab)).here).toEqual(expect.arrayContaining(["ada", "bob"]));
  });

  it("renew the cookie and lose nothing, and come back by themselves after it has run out", async () => {
    const laravel = await startLaravel(kind, 6);
    const page = await join(laravel, 0, "ada", ALL);
    const say = (index: number, name: string): Promise<void> =>
      broadcast(laravel.origin, turn(laravel.urls, index), ["private-orders.1"], name, {});
    // The next cookie lasts for so much longer than the first.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2000)));
    await page.evaluate(() => globalThis.echo.authorize());
    await say(1, "before the end");
    await expect.poll(async () => (await seen(page)).streams.length, WAIT).toBeGreaterThanOrEqual(4);
    await say(2, "renewed");
    // The cookie runs out: the hub answers 401, and the browser gives up.
    await expect.poll(async () => (await seen(page)).streams, WAIT).toContain("closed");
    await say(0, "while away");
    const events = ["before the end", "renewed", "while away"].map((name) => `private-orders.1 ${name} {}`);
    await expect.poll(async () => (await seen(page)).events, WAIT).toEqual(events);
    // Both streams came back with the second cookie.
    expect((await seen(page)).streams.slice(0, 4)).toEqual(["open", "open", "open", "open"]);
  });
});
