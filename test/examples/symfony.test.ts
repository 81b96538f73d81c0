import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { openPage } from "../browser/support.ts";
import { runPhp } from "../protocol/php.ts";
import { SETUPS, turn } from "../support/setups.ts";
import { SECRET, startSymfony } from "./symfony-app.ts";

const WAIT = { timeout: 30_000 };

async function open(origin: string, user = ""): Promise<Page> {
  const page = await openPage();
  await page.goto(`${origin}/${user === "" ? "" : `?user=${user}`}`);
  await page.locator("[data-stream=open]").waitFor(WAIT);
  return page;
}

/** Sends a form to the application. @returns The event id that the hub gave. */
async function form(method: string, url: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(url, { method, body: new URLSearchParams(fields) });
  const body = await answer.text();
  expect([answer.status, body.startsWith("#")], body).toEqual([200, true]);
  return body;
}

const save = (origin: string, title: string): Promise<string> => form("PUT", `${origin}/books/1`, { title });
const note = (origin: string, user: string, text: string): Promise<string> => form("POST", `${origin}/users/${user}/notes`, { text });
const untilTitle = (page: Page, title: string): Promise<void> => page.locator("h1", { hasText: title }).waitFor(WAIT);
const notes = (page: Page): Promise<string[]> => page.locator("li").allTextContents();

describe.each(SETUPS)("examples/symfony with %s", (kind) => {
  it("pushes a book to all pages and a private note to its reader, across a restart", async () => {
    const { origins, restart } = await startSymfony(kind);
    const [visitor, ada, eve] = [await open(turn(origins, 0)), await open(turn(origins, 1), "ada"), await open(turn(origins, 2), "eve")];
    const pages = [visitor, ada, eve];
    await Promise.all(pages.map((page) => untilTitle(page, "Emma")));
    await note(turn(origins, 0), "ada", "Hello, Ada & Söhne");
    await save(turn(origins, 1), "Persuasion");
    await Promise.all(pages.map((page) => untilTitle(page, "Persuasion")));
    await restart();
    await note(turn(origins, 2), "ada", "after the restart");
    await save(turn(origins, 0), "Sanditon");
    await Promise.all(pages.map((page) => untilTitle(page, "Sanditon")));
    expect(await notes(ada)).toEqual(["Hello, Ada & Söhne", "after the restart"]);
    expect(await notes(eve)).toEqual([]);
    expect(await notes(visitor)).toEqual([]);
  });

  it("lets Symfony's clients publish to one hub and subscribe with the cookie to another", async () => {
    const { urls } = await startSymfony(kind);
    const options = { secret: SECRET, topics: ["/books/{id}"], subscribe: ["/books/{id}"], resumeBy: "query" };
    const subscriber = runPhp("subscribe", { url: turn(urls, 1), ...options });
    const publish = async (index: number, data: string, isPrivate: boolean): Promise<unknown> =>
      runPhp("publish", {
        url: turn(urls, index),
        secret: SECRET,
        publish: ["*"],
        updates: [{ topics: ["/books/1"], data, private: isPrivate }],
      }).done;
    await subscriber.lines.next();
    await publish(0, "public", false);
    await publish(2, "private", true);
    await publish(1, "end", true);
    const received = (await subscriber.done)
      .map((line) => JSON.parse(line) as { readonly type?: string; readonly data?: string })
      .filter(({ type }) => type === "message");
    expect(received.map(({ data }) => data)).toEqual(["public", "private", "end"]);
  });
});
