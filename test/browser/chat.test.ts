import { memoryJournal } from "artesian/journals/memory";
import type { Locator, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { connection, overflow, type Site, startSite, usePages, violations, visit } from "./chat-site.ts";

usePages();

async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer").fill(text);
  await page.getByTestId("send").click();
}

function saying(page: Page, text: string, status = "received"): Locator {
  return page.locator(`[data-testid=message][data-status=${status}]`, { has: page.getByText(text, { exact: true }) });
}

async function texts(page: Page): Promise<string[]> {
  return await page.getByTestId("message-text").allInnerTexts();
}

async function enter(url: string, nickname: string, options = {}): Promise<Page> {
  const page = await visit(url, { nickname, ...options });
  await connection(page, "live");
  return page;
}

describe("the chat", () => {
  test("lets two people and the bot talk", async () => {
    const site = await startSite({ chat: { limits: { presenceGraceMs: 300 } } });
    const ada = await visit(`${site.origin}/chat/lobby`);
    const suggested = await ada.getByTestId("nickname-input").inputValue();
    expect(suggested).toMatch(/^\w+ \w+$/);
    await ada.getByTestId("nickname-input").fill("Ada");
    await ada.getByTestId("nickname-confirm").click();
    await connection(ada, "live");
    await say(ada, "What is Artesian?");
    await ada.locator("[data-testid=message][data-bot=true]").waitFor();

    const grace = await enter(`${site.origin}/chat/lobby`, "Grace");
    await expect.poll(() => texts(grace)).toEqual(await texts(ada));
    await expect.poll(() => ada.getByTestId("person").allInnerTexts()).toEqual(expect.arrayContaining([expect.stringContaining("Grace")]));
    await say(ada, "Hello Grace");
    await saying(grace, "Hello Grace").waitFor();
    await say(grace, "Hello Ada");
    await saying(ada, "Hello Ada").waitFor();
    await expect.poll(() => saying(ada, "Hello Ada").getAttribute("data-own")).toBe("false");
    await expect.poll(() => saying(ada, "Hello Grace").getAttribute("data-own")).toBe("true");
    await say(grace, "@artie what is 6 times 7?");
    await ada.getByText("That makes 42").waitFor();
    await expect.poll(() => texts(grace)).toEqual(await texts(ada));

    await grace.context().close();
    await expect.poll(() => ada.getByTestId("people-count").innerText()).toBe("1");
  });

  test("shows the bot's words as they come", async () => {
    let goOn = (): void => {};
    const site = await startSite({
      chat: {
        bot: {
          async *reply() {
            yield "First half";
            await new Promise<void>((resolve) => (goOn = resolve));
            yield ", second half";
          },
        },
      },
    });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    await say(page, "Go on");
    await page.getByTestId("reply-text").getByText("First half", { exact: true }).waitFor();
    const late = await enter(`${site.origin}/chat/lobby`, "Late");
    await late.getByTestId("reply-text").getByText("First half", { exact: true }).waitFor();
    goOn();
    for (const each of [page, late]) {
      await saying(each, "First half, second half").waitFor();
      await expect.poll(() => each.getByTestId("reply").count()).toBe(0);
    }
  });

  test("sends again under the same id when an answer is lost or the server is away", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const ada = await enter(`${site.origin}/chat/lobby`, "Ada");
    const grace = await enter(`${site.origin}/chat/lobby`, "Grace");
    let lost = 0;
    site.gate = (req, res) => {
      if (req.method !== "POST" || lost > 0) return false;
      lost += 1;
      // The message is taken, but the page never hears of it.
      res.writeHead = () => res.destroy();
      return false;
    };
    await say(ada, "taken, but not heard");
    await saying(ada, "taken, but not heard").waitFor();
    let refused = 0;
    site.gate = (req, res) => {
      if (req.method !== "POST") return false;
      refused += 1;
      res.writeHead(503, { "Retry-After": "0" }).end();
      return true;
    };
    await say(ada, "sent while away");
    await saying(ada, "sent while away", "waiting").waitFor();
    await say(ada, "and another");
    site.gate = () => false;
    await saying(grace, "and another").waitFor();
    expect(refused).toBeGreaterThan(0);
    await expect.poll(() => texts(grace)).toEqual(["taken, but not heard", "sent while away", "and another"]);
    await expect.poll(() => texts(ada)).toEqual(["taken, but not heard", "sent while away", "and another"]);
  });

  test("shows what the server refuses, and lets it go", async () => {
    const site = await startSite();
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    site.gate = (req, res) => {
      if (req.method !== "POST") return false;
      res.writeHead(400, { "Content-Type": "application/problem+json" }).end(JSON.stringify({ detail: "Not like this." }));
      return true;
    };
    await say(page, "refused");
    await page.getByRole("alert").filter({ hasText: "Not like this." }).waitFor();
    site.gate = () => false;
    await page.getByRole("button", { name: "Try again" }).click();
    await saying(page, "refused").waitFor();
  });

  test("comes back by itself, through answers that are no stream, without loss or repeat", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    await say(page, "before");
    await saying(page, "before").waitFor();
    let answered = 0;
    site.gate = (req, res) => {
      if (req.url?.startsWith("/events/stream") !== true) return false;
      answered += 1;
      res.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad gateway</h1>");
      return true;
    };
    site.breakConnections();
    await connection(page, "reconnecting");
    await expect.poll(() => answered).toBeGreaterThan(0);
    await site.say("meanwhile");
    site.gate = () => false;
    await connection(page, "live");
    await saying(page, "meanwhile").waitFor();

    await page.context().setOffline(true);
    await connection(page, "reconnecting");
    await say(page, "written offline");
    await saying(page, "written offline", "waiting").waitFor();
    await page.context().setOffline(false);
    await connection(page, "live");
    await saying(page, "written offline").waitFor();
    await expect.poll(() => texts(page)).toEqual(["before", "meanwhile", "written offline"]);
    await page.reload();
    await connection(page, "live");
    await expect.poll(() => texts(page)).toEqual(["before", "meanwhile", "written offline"]);
  });

  test("fetches what it missed when the journal no longer has it", async () => {
    const site = await startSite({ hub: { journal: memoryJournal({ retention: { maxCount: 8 } }) }, chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    await say(page, "first");
    await saying(page, "first").waitFor();
    site.gate = (req, res) => {
      if (req.url?.startsWith("/events/stream") !== true) return false;
      res.destroy();
      return true;
    };
    site.breakConnections();
    await connection(page, "reconnecting");
    for (let i = 1; i <= 20; i++) await site.say(`missed ${i}`);
    site.gate = () => false;
    await connection(page, "live");
    await saying(page, "missed 1").waitFor();
    await expect.poll(() => texts(page)).toEqual(["first", ...Array.from({ length: 20 }, (_, i) => `missed ${i + 1}`)]);
  });

  test("stays where the reader is, and counts what is new", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada", { viewport: { width: 800, height: 500 } });
    for (let i = 1; i <= 40; i++) await site.say(`line ${i}`);
    await saying(page, "line 40").waitFor();
    const list = page.getByTestId("messages");
    const fromEnd = (): Promise<number> => list.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
    await expect.poll(fromEnd).toBeLessThan(2);
    await list.evaluate((element) => (element.scrollTop = 0));
    await page.getByTestId("new-messages").waitFor();
    await site.say("unseen");
    await page.getByTestId("new-messages").getByText("1 new message").waitFor();
    expect(await list.evaluate((element) => element.scrollTop)).toBe(0);
    await expect.poll(() => page.title()).toContain("(1)");
    await expect.poll(() => page.getByTestId("unread-marker").count()).toBe(1);
    await page.getByTestId("new-messages").click();
    await expect.poll(fromEnd).toBeLessThan(2);
    await expect.poll(() => page.title()).not.toContain("(1)");
  });

  test("shows text as text, and links only to the web", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "<b>Ada</b>");
    const text = "<img src=x onerror=alert(1)> javascript:alert(1) https://example.com/a?b=1&c=(2). data:text/html,x";
    await say(page, text);
    await saying(page, text).waitFor();
    await expect.poll(() => page.getByTestId("message-text").innerText()).toBe(text);
    const links = page.getByTestId("message-text").getByRole("link");
    await expect.poll(() => links.count()).toBe(1);
    await expect.poll(() => links.getAttribute("href")).toBe("https://example.com/a?b=1&c=(2)");
    await expect.poll(() => links.getAttribute("rel")).toBe("noopener noreferrer nofollow");
    expect(await page.getByTestId("message").locator("img").count()).toBe(0);
  });

  test("is used with the keyboard alone", async () => {
    const site = await startSite();
    const page = await visit(`${site.origin}/chat/lobby`);
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type("Ada");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await connection(page, "live");
    await page.keyboard.type("one");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("two");
    await page.keyboard.press("Enter");
    await expect.poll(() => texts(page)).toContain("one\ntwo");
    await expect.poll(() => page.getByTestId("composer").inputValue()).toBe("");
    const reached = new Set<string>();
    for (let i = 0; i < 14; i++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => document.activeElement?.getAttribute("data-testid") ?? ""));
    }
    for (const testId of ["messages", "composer", "nickname", "invite"]) expect(reached).toContain(testId);
    await page.getByTestId("invite").press("Enter");
    await page.getByTestId("room-dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByTestId("room-dialog").waitFor({ state: "detached" });
    await page.getByTestId("invite").press("Enter");
    await page.getByTestId("room-input").fill("Über uns 2");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${site.origin}/chat/uber-uns-2`);
  });

  test("lets one look on without a name, and refuses the bot's", async () => {
    const site = await startSite();
    const page = await visit(`${site.origin}/chat/lobby`);
    await connection(page, "live");
    await page.getByTestId("nickname-input").fill("ARTIE");
    await page.getByTestId("nickname-confirm").click();
    await page.getByRole("alert").filter({ hasText: "the bot's name" }).waitFor();
    await page.getByRole("button", { name: "Just look" }).click();
    await expect.poll(() => page.getByTestId("composer").count()).toBe(0);
    await expect.poll(() => page.getByTestId("people-count").innerText()).toBe("0");
    await page.getByTestId("nickname").click();
    await page.getByTestId("nickname-input").fill("Ada");
    await page.getByTestId("nickname-confirm").click();
    await expect.poll(() => page.getByTestId("people-count").innerText()).toBe("1");
    await page.reload();
    await connection(page, "live");
    await expect.poll(() => page.getByTestId("nickname").innerText()).toContain("Ada");
  });

  test("counts several tabs of one person once", async () => {
    const site = await startSite();
    const first = await enter(`${site.origin}/chat/lobby`, "Ada");
    const second = await first.context().newPage();
    await second.goto(`${site.origin}/chat/lobby`);
    await connection(second, "live");
    await say(second, "from the second tab");
    await saying(first, "from the second tab").waitFor();
    await expect.poll(() => saying(first, "from the second tab").getAttribute("data-own")).toBe("true");
    await expect.poll(() => first.getByTestId("person").count()).toBe(1);
  });

  test("tells people with one nickname apart", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const ada = await enter(`${site.origin}/chat/lobby`, "Ada");
    await say(ada, "I was here first");
    await saying(ada, "I was here first").waitFor();
    expect(await ada.getByTestId("name-mark").count()).toBe(0);
    const other = await enter(`${site.origin}/chat/lobby`, " ＡDA ");
    await expect.poll(() => other.getByTestId("people").getByTestId("name-mark").count()).toBe(2);
    const [first, second] = await other.getByTestId("people").getByTestId("name-mark").allInnerTexts();
    expect(first).not.toBe(second);
    // The one at the message is that of who wrote it.
    await expect.poll(() => other.getByTestId("messages").getByTestId("name-mark").allInnerTexts()).toEqual([first]);
  });

  test.each(["light", "dark"] as const)("is accessible in %s", async (colorScheme) => {
    const site = await startSite();
    const page = await visit(`${site.origin}/chat/lobby`, { colorScheme });
    await page.getByRole("dialog").waitFor();
    await connection(page, "live");
    expect(await violations(page)).toEqual([]);
    await page.getByTestId("nickname-confirm").click();
    await page.getByTestId("person").waitFor();
    expect(await violations(page)).toEqual([]);
    await say(page, "Hello https://example.com/");
    await page.locator("[data-testid=message][data-bot=true]").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByTestId("invite").click();
    expect(await violations(page)).toEqual([]);
  });

  test("leaves Enter to the input method, also where the composition has just ended", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    const composer = page.getByTestId("composer");
    await composer.fill("日本");
    const press = (isComposing: boolean, keyCode: number): Promise<boolean> =>
      composer.evaluate(
        (element, init) => element.dispatchEvent(new KeyboardEvent("keydown", { ...init, key: "Enter", bubbles: true, cancelable: true })),
        { isComposing, keyCode },
      );
    expect(await press(true, 13)).toBe(true);
    expect(await press(false, 229)).toBe(true);
    expect(await composer.inputValue()).toBe("日本");
    expect(await press(false, 13)).toBe(false);
    await expect.poll(() => texts(page)).toEqual(["日本"]);
  });

  test.each([390, 959])("lays the list of people over the room at %d pixels, and moves nothing", async (width) => {
    const site = await startSite();
    const page = await enter(`${site.origin}/chat/lobby`, "Ada", { viewport: { width, height: 800 } });
    const boxes = async (): Promise<unknown[]> => [
      await page.getByTestId("messages").boundingBox(),
      await page.getByTestId("composer").boundingBox(),
      await page.getByRole("banner").boundingBox(),
    ];
    const before = await boxes();
    await page.getByRole("button", { name: /here/ }).click();
    await page.getByTestId("people").waitFor();
    expect(await boxes()).toEqual(before);
    const people = await page.getByTestId("people").boundingBox();
    expect((people?.x ?? 0) + (people?.width ?? 0)).toBeLessThanOrEqual(width);
    expect(people?.width).toBeLessThanOrEqual(18 * 16);
    expect(await violations(page)).toEqual([]);
  });

  test("fits a phone of 320 pixels", async () => {
    const site = await startSite();
    const room = `${site.origin}/chat/${"long-".repeat(7)}room`;
    const page = await enter(room, "An unreasonably long nickname ab", { viewport: { width: 320, height: 568 } });
    await say(page, "x".repeat(300));
    await page.locator("[data-testid=message][data-bot=true]").waitFor();
    expect(await overflow(page)).toBe(0);
    const send = await page.getByTestId("send").boundingBox();
    expect((send?.x ?? 999) + (send?.width ?? 0)).toBeLessThanOrEqual(320);
    expect((send?.y ?? 999) + (send?.height ?? 0)).toBeLessThanOrEqual(568);
    await page.getByRole("button", { name: /here/ }).click();
    await page.getByTestId("people").waitFor();
    expect(await overflow(page)).toBe(0);
    await page.getByTestId("invite").click();
    expect(await overflow(page)).toBe(0);
  });
});

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
    await connection(page, "live");
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
