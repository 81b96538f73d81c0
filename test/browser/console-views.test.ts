import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { decodeToken } from "../../packages/hub/src/console/page/workshop/decode.ts";
import { openStream } from "../support/stream.ts";
import { connection, overflow, violations, visit } from "./chat-site.ts";
import { type ConsoleSite, mintAdmin, mintPlain, startConsole, usePages } from "./console-site.ts";

usePages();

type Place = "topics" | "journal" | "subscribers" | "by-hand" | "fleet" | "tokens";

async function enter(site: ConsoleSite, place: Place, options: Parameters<typeof visit>[1] = {}): Promise<Page> {
  const page = await visit(`${site.origin}/console#${place}`, options);
  await connection(page, "live");
  return page;
}

async function letIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Administrator's token").fill(token);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await connection(page, "live");
}

describe("topics", () => {
  test("are a tree with sums, and lead to their updates", async () => {
    const site = await startConsole({ open: true });
    const room = "/%E4%BC%9A%E8%AE%AE%E5%AE%A4";
    for (const topic of ["/rooms/a/x", "/rooms/a/y", "/rooms/b", "greeting", room]) await site.hub.publish({ topic, data: "12345" });
    const page = await enter(site, "topics");
    await page.getByTestId("topics-count").getByText("5 topics").waitFor();
    const line = (path: string): Promise<string> =>
      page.locator(`[data-testid=topic][data-topic="${path}"] .tree-line`).first().innerText();
    await expect.poll(() => line("/rooms")).toMatch(/3 topics[\s\S]*3 updates, 15 B/);
    await expect.poll(() => line("greeting")).toMatch(/1 update, 5 B/);
    await expect.poll(() => line(room)).toMatch(/^\/会议室/);
    await site.hub.publish({ topic: "greeting", data: "12345" });
    await expect.poll(() => line("greeting")).toMatch(/2 updates, 10 B/);
    await page.locator('[data-topic="/rooms/a"] summary').click();
    await page.getByRole("button", { name: "/x" }).click();
    await expect.poll(() => page.getByTestId("journal-update").count()).toBe(1);
    expect(await page.getByLabel("Topic contains").inputValue()).toBe("/rooms/a/x");
  });
});

describe("the journal", () => {
  test("pages back to its beginning, and plays from any update", async () => {
    const site = await startConsole({ open: true });
    for (let i = 0; i < 60; i++) await site.hub.publish({ topic: "/t", id: `id-${i}`, data: `data ${i}` });
    const page = await enter(site, "journal");
    const ids = (): Promise<(string | null)[]> =>
      page.getByTestId("journal-update").evaluateAll((all) => all.map((one) => one.getAttribute("data-update")));
    await expect.poll(async () => (await ids()).slice(0, 2)).toEqual(["id-59", "id-58"]);
    await page.getByRole("button", { name: "Older" }).click();
    await expect.poll(ids).toEqual(Array.from({ length: 10 }, (_, i) => `id-${9 - i}`));
    await expect.poll(() => page.getByRole("button", { name: "Older" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Newer" }).click();
    await expect.poll(async () => (await ids())[0]).toBe("id-59");
    await page.getByLabel("Begin at the event id").fill("id-7");
    await page.getByRole("button", { name: "Go there" }).click();
    await expect.poll(ids).toEqual(Array.from({ length: 8 }, (_, i) => `id-${7 - i}`));
    expect(await page.getByTestId("journal").innerText()).not.toContain("data 7");

    await page.locator('[data-update="id-5"]').getByTestId("play").click();
    const entries = page.locator("[data-testid=raw-entry][data-kind=event]");
    await expect.poll(() => entries.last().innerText()).toMatch(/id-5\s+data 5/);
    await page.getByTestId("raw").getByText("data 59", { exact: true }).waitFor();
    await expect.poll(() => entries.count()).toBe(55);
    await page.goBack();
    await page.locator('[data-update="id-3"]').getByTestId("play").click();
    await expect.poll(() => entries.last().innerText()).toMatch(/id-3\s+data 3/);
  });

  test("follows what comes, with filters by topic and type", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site, "journal");
    await page.getByText("The journal holds no such update.").waitFor();
    await page.getByTestId("journal-filter").getByLabel("Topic contains").fill("room");
    await page.getByTestId("journal-filter").getByLabel("Type").fill("note");
    await site.hub.publish({ topic: "/rooms/1", type: "note", id: "wanted" });
    await site.hub.publish({ topic: "/rooms/1", type: "other", id: "other-type" });
    await site.hub.publish({ topic: "/elsewhere", type: "note", id: "other-topic" });
    await page.locator('[data-update="wanted"]').waitFor();
    expect(await page.getByTestId("journal-update").count()).toBe(1);
    await page.getByTestId("follow").uncheck();
    await expect.poll(() => page.getByTestId("journal").getAttribute("data-tail")).toBe("false");
  });

  test("shows no data of private updates to an administrator who may not read them", async () => {
    const site = await startConsole({ open: false });
    await site.hub.publish({ topic: "/secret", id: "hidden", data: "private words", private: true });
    await site.hub.publish({ topic: "/public", id: "shown", data: "public words" });
    const page = await visit(`${site.origin}/console#journal`);
    const bodies: string[] = [];
    page.on("response", (response) => {
      // The body of an answer that the page did not wait for is gone.
      const missed = (): undefined => undefined;
      if (response.url().includes("/console/api/")) response.text().then((text) => bodies.push(text), missed);
    });
    await letIn(page, await mintAdmin());
    const hidden = page.locator('[data-update="hidden"]');
    await expect.poll(() => hidden.innerText()).toMatch(/private/);
    await hidden.getByTestId("play").click();
    await page.getByTestId("raw").getByText("public words").waitFor();
    expect(await page.getByTestId("raw").innerText()).not.toContain("private words");
    expect(bodies.join("\n")).toContain("hidden");
    expect(bodies.join("\n")).not.toContain("words");
  });
});

describe("a subscriber's page", () => {
  test("has its address, rate, lag and grants, and ends its token", async () => {
    const site = await startConsole({ open: false, hub: { trustedProxies: ["127.0.0.1"] } });
    const plain = await mintPlain();
    const reader = await openStream(`${site.origin}/events/stream?match=/a`, {
      headers: { Authorization: `Bearer ${plain}`, "X-Forwarded-For": "203.0.113.7" },
    });
    await reader.nextOfAny();
    for (let i = 0; i < 5; i++) await site.hub.publish({ topic: "/a", data: "x", private: true });
    const page = await visit(`${site.origin}/console#subscribers`);
    await letIn(page, await mintAdmin());
    await page.getByTestId("subscriber").filter({ hasText: "203.0.113.7" }).getByTestId("details").click();
    const one = page.getByTestId("subscriber-page");
    await expect.poll(() => one.getByTestId("subscriber-rate").getAttribute("data-updates")).toBe("5");
    await expect
      .poll(() => one.innerText())
      .toMatch(/203\.0\.113\.7[\s\S]*at the newest update[\s\S]*somebody[\s\S]*Private updates that it may receive/);
    await page.reload();
    await connection(page, "live");
    await one.getByTestId("order-token").click();
    expect(await violations(page)).toEqual([]);
    await one.getByTestId("confirm-order").click();
    await reader.ended;
    await page.getByTestId("subscriber-said").getByText("Revoked").waitFor();
    const refused = await fetch(`${site.origin}/events/stream?match=/a`, { headers: { Authorization: `Bearer ${plain}` } });
    expect(refused.status).toBe(401);
    await one.getByRole("link", { name: "All subscribers" }).click();
    await page.getByTestId("matched").waitFor();
  });
});

describe("the fleet", () => {
  test("names its processes, and draws how long updates take", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site, "fleet");
    await page.locator("[data-testid=process][data-process='0']").getByText(`/${process.pid}`).waitFor();
    const reader = await openStream(`${site.origin}/events/stream?match=a`);
    await reader.nextOfAny();
    await expect
      .poll(async () => {
        await site.hub.publish({ topic: "a" });
        return Number(await page.getByTestId("latency-words").getAttribute("data-total"));
      })
      .toBeGreaterThan(2);
    expect(await page.getByTestId("heat-map").locator("rect").count()).toBeGreaterThan(0);
    await expect.poll(() => page.getByTestId("heat-map").getAttribute("aria-label")).toMatch(/half of them (under|over)/);
  });
});

describe("the demo's takeover", () => {
  test("kills the process, and tells when another answers", async () => {
    const site = await startConsole({ open: true });
    let pid = 100;
    let age: "young" | "old" | "away" = "young";
    const asked: string[] = [];
    site.gate = (req, res) => {
      if (req.url?.startsWith("/demo/server") !== true) return false;
      const answer = (status: number, body: object): void =>
        void res.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
      if (age === "away") res.destroy();
      else if (req.method === "GET") answer(200, { process: pid });
      else if (age === "young") answer(429, { code: "too_many_kills" });
      else {
        asked.push(req.url);
        age = "away";
        answer(202, { process: pid });
      }
      return true;
    };
    const page = await enter(site, "fleet");
    await page.getByTestId("kill").click();
    await page.getByTestId("kill-said").getByText("has only just begun").waitFor();
    age = "old";
    await page.getByTestId("kill").click();
    await page.getByTestId("kill-said").getByText("Process 100 is killed").waitFor();
    expect(await page.getByTestId("kill").isDisabled()).toBe(true);
    pid = 200;
    age = "old";
    await page
      .getByTestId("kill-said")
      .getByText(/Process 100 was killed. [\d,]+ ms later, process 200 answered/)
      .waitFor();
    expect(asked).toEqual(["/demo/server/kill"]);
    expect(await violations(page)).toEqual([]);
  });

  test.each([
    ["another server", () => undefined],
    ["a journal in memory", () => ({ process: 1, cannotKill: "memory" })],
  ])("is not offered with %s", async (_, info) => {
    const site = await startConsole({ open: true });
    let asked = 0;
    site.gate = (req, res) => {
      if (req.url !== "/demo/server") return false;
      const body = info();
      res.writeHead(body === undefined ? 404 : 200, { "Content-Type": "application/json" }).end(JSON.stringify(body ?? {}));
      asked++;
      return true;
    };
    const page = await enter(site, "fleet");
    await page.getByTestId("process").waitFor();
    await expect.poll(() => asked).toBeGreaterThan(0);
    expect(await page.getByTestId("takeover").count()).toBe(0);
  });
});

describe("the token workshop", () => {
  test("writes the command that makes a token", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site, "tokens");
    const command = page.getByTestId("mint-command");
    const audience = ` --resource-identifier ${site.hub.url}`;
    await expect.poll(() => command.innerText()).toBe(`npx artesian token mint --subscribe '*' --lifetime 1h${audience}`);
    await page.getByLabel("Publish to topics").fill("it's\n-x");
    await page.getByLabel("Read private topics").fill("");
    await page.getByLabel("Administer the hub").check();
    await page.getByLabel("User").fill("urn:user:42");
    await expect
      .poll(() => command.innerText())
      .toBe(String.raw`npx artesian token mint --publish 'it'\''s' --publish '-x' --admin --lifetime 1h --subject urn:user:42` + audience);
  });

  test("explains a token in words, and sends it nowhere", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site, "tokens");
    const token = await mintAdmin(["/news"]);
    const sent: string[] = [];
    page.on("request", (request) => sent.push(`${request.url()} ${request.postData() ?? ""} ${JSON.stringify(request.headers())}`));
    await page.getByLabel("Token", { exact: true }).fill("abc");
    await page.getByRole("alert").filter({ hasText: "This is not a token" }).waitFor();
    await page.getByLabel("Token", { exact: true }).fill(`Bearer ${token.slice(0, 50)}\n${token.slice(50)}`);
    const explained = page.getByTestId("token-explained");
    await expect.poll(() => explained.innerText()).toMatch(/Valid until .*\s+It is for this hub\.[\s\S]*\/news[\s\S]*\/console\/\*/);
    await page.getByTestId("token-admin").waitFor();
    await page.getByTestId("language").selectOption("zh-CN");
    await expect.poll(() => explained.innerText()).toMatch(/有效期至[\s\S]*属于这台服务器/);
    expect(sent.filter((one) => one.includes(token.slice(20, 60)))).toEqual([]);
  });

  test("reads tokens of other hubs, and of Mercure 0.x", () => {
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const of = (claims: object): string => `${encode({ alg: "HS256" })}.${encode(claims)}.x`;
    expect(decodeToken(of({ mercure: { publish: ["*"], subscribe: ["/b/{id}"] }, aud: ["x", "y"] }))).toMatchObject({
      isOld: true,
      audiences: ["x", "y"],
      publish: [{ type: "uritemplate", pattern: "*" }],
      subscribe: [{ type: "uritemplate", pattern: "/b/{id}" }],
      expiresAt: undefined,
    });
    expect(decodeToken(of({ sub: "张三", exp: 1 }))).toMatchObject({ subject: "张三", expiresAt: 1000, publish: [] });
    for (const text of ["", "a.b.c", "..", `${encode([])}.${encode({})}.x`, of({}).slice(0, -2)]) expect(decodeToken(text)).toBeUndefined();
  });
});

test.each(["light", "dark"] as const)("the views are accessible in %s, and fit a phone, in both languages", async (colorScheme) => {
  const site = await startConsole({ open: true });
  const page = await enter(site, "topics", { colorScheme, viewport: { width: 320, height: 640 } });
  const reader = await openStream(`${site.origin}/events/stream?match=a&match=${"/long".repeat(40)}`);
  await reader.nextOfAny();
  await site.hub.publish({ topic: `/rooms${"/long".repeat(40)}`, id: "x".repeat(200), type: "note", private: true, ttlMs: 60_000 });
  await site.hub.publish({ topic: "/rooms/a" });
  await site.hub.publish({ topic: "a" });
  const { id = "" } = site.hub.subscribers().find(({ matchers }) => matchers.some(({ pattern }) => pattern === "a")) ?? {};
  const shown = { topics: "topic", journal: "journal-update", [`subscribers/${id}`]: "subscriber-rate", fleet: "process", tokens: "make" };
  for (const language of ["en", "zh-CN"]) {
    await page.getByTestId("language").selectOption(language);
    for (const [place, testId] of Object.entries(shown)) {
      await page.evaluate((hash) => void (location.hash = hash), place);
      await page.getByTestId(testId).first().waitFor();
      expect(await violations(page), place).toEqual([]);
      expect(await overflow(page), place).toBe(0);
    }
  }
});
