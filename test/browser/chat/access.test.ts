import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { connection, type Site, startSite, usePages, violations, visit } from "../chat-site.ts";
import { enter, say, saying, texts } from "./talking.ts";

usePages();

/** Remembers each state of the connection that the page shows from now on. */
async function watchStates(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const badge = document.querySelector("[data-testid=connection]");
    const states: string[] = [];
    Object.assign(globalThis, { states });
    new MutationObserver(() => states.push(badge?.getAttribute("data-state") ?? "")).observe(badge as Element, { attributes: true });
  });
  return () => page.evaluate(() => (globalThis as unknown as { states: string[] }).states);
}

/** Counts what the pages ask for, by what is in the address; `refuse` answers those with a status instead. */
function watchRequests(site: Site): { readonly counts: Map<string, number>; refuse: Map<string, number> } {
  const counts = new Map<string, number>();
  const refuse = new Map<string, number>();
  site.gate = (req, res) => {
    const kind = ["/events/stream", "/subscribers/", "/token"].find((part) => req.url?.includes(part)) ?? "other";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const status = refuse.get(kind);
    if (status === undefined) return false;
    const detail = `The test says ${status}.`;
    res.writeHead(status, { "Content-Type": "application/problem+json" }).end(JSON.stringify({ detail, code: "test" }));
    return true;
  };
  return { counts, refuse };
}

describe("the chat's access", () => {
  test("is renewed in place: one connection, nothing lost, long after the first token has ended", async () => {
    const site = await startSite({ chat: { bot: undefined, tokenLifetimeSeconds: 7 } });
    const requests = watchRequests(site);
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    const states = await watchStates(page);
    const sent: string[] = [];
    while ((requests.counts.get("/subscribers/") ?? 0) < 3) {
      sent.push(`message ${sent.length}`);
      await site.say(sent.at(-1) as string);
      await saying(page, sent.at(-1) as string).waitFor();
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    }
    await say(page, "still here");
    await saying(page, "still here").waitFor();
    expect((await texts(page)).at(-1)).toBe("still here");
    expect((await texts(page)).slice(-100, -1)).toEqual(sent.slice(-99));
    expect(requests.counts.get("/events/stream")).toBe(1);
    expect(await states()).toEqual([]);
    await expect.poll(() => page.getByTestId("person").count()).toBe(1);
  });

  test("that cannot be renewed is told while the stream goes on, and taken up again without loss", async () => {
    // Half of it is left to look at the page between the warning and the end.
    const site = await startSite({ chat: { bot: undefined, tokenLifetimeSeconds: 10 } });
    const requests = watchRequests(site);
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    const states = await watchStates(page);
    const problem = page.getByTestId("connection-problem");
    for (const [kind, status] of [
      ["/subscribers/", 404],
      ["/token", 503],
    ] as const) {
      const streams = requests.counts.get("/events/stream") ?? 0;
      requests.refuse.set(kind, status);
      await problem.getByText("could not be renewed").waitFor();
      await connection(page, "live");
      await site.say(`while ${kind} answers ${status}`);
      await saying(page, `while ${kind} answers ${status}`).waitFor();
      expect(requests.counts.get("/events/stream")).toBe(streams);
      expect(await states()).toEqual([]);
      await expect.poll(states).toContain("reconnecting");
      requests.refuse.clear();
      await site.say(`after ${kind} answered ${status}`);
      await connection(page, "live");
      await saying(page, `after ${kind} answered ${status}`).waitFor();
      await expect.poll(() => problem.innerText()).toBe("");
      await page.evaluate(() => void ((globalThis as unknown as { states: string[] }).states.length = 0));
    }
    await expect.poll(() => texts(page)).toHaveLength(4);
  });

  test("that the hub refuses is said to be refused, and asked for again", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const requests = watchRequests(site);
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    requests.refuse.set("/events/stream", 401);
    site.breakConnections();
    await connection(page, "refused");
    await expect.poll(() => page.getByTestId("connection").innerText()).toBe("No access");
    await page.getByTestId("connection-problem").getByText("does not let this page in").waitFor();
    expect(await violations(page)).toEqual([]);
    await site.say("meanwhile");
    requests.refuse.clear();
    // After a refusal a page waits up to 30 seconds before it tries again.
    await page.locator("[data-testid=connection][data-state=live]").waitFor({ timeout: 45_000 });
    await saying(page, "meanwhile").waitFor();
    await expect.poll(() => page.getByTestId("connection-problem").innerText()).toBe("");
  });

  test("that cannot be had at the start is waited for", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const requests = watchRequests(site);
    requests.refuse.set("/token", 429);
    const page = await visit(`${site.origin}/chat/lobby`, { nickname: "Ada" });
    await connection(page, "reconnecting");
    await page.getByTestId("connection-problem").getByText("The test says 429.").waitFor();
    requests.refuse.set("/token", 403);
    await connection(page, "refused");
    requests.refuse.clear();
    await connection(page, "live");
    await expect.poll(() => page.getByTestId("connection-problem").innerText()).toBe("");
  });

  test("is gone with the cookie, and then the page goes on as another visitor", async () => {
    const site = await startSite({ chat: { bot: undefined, limits: { presenceGraceMs: 100 } } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    await say(page, "as myself");
    await saying(page, "as myself").waitFor();
    expect(await page.evaluate(() => document.cookie)).toBe("");
    await page.context().clearCookies();
    site.breakConnections();
    // The token is still good, so nothing changes before the stream asks for another.
    await connection(page, "live");
    await page.reload();
    await connection(page, "live");
    await say(page, "as another");
    await saying(page, "as another").waitFor();
    await expect.poll(() => saying(page, "as myself").getAttribute("data-own")).toBe("false");
    await expect.poll(() => saying(page, "as another").getAttribute("data-own")).toBe("true");
    await expect.poll(() => page.getByTestId("person").count()).toBe(1);
  });
});
