import { describe, expect, test } from "vitest";
import { connection, type Site, startSite, usePages } from "../chat-site.ts";
import { enter, say, saying, texts } from "./talking.ts";

usePages();

/** Answers every message with 503 until `accept`. */
function refusePosts(site: Site): { refuse(): void; accept(): void; accepted(): number } {
  let isRefusing = true;
  let accepted = 0;
  site.gate = (req, res) => {
    if (req.method !== "POST" || req.url?.endsWith("/messages") !== true) return false;
    if (!isRefusing) accepted += 1;
    else res.writeHead(503, { "Retry-After": "0" }).end();
    return isRefusing;
  };
  return { refuse: () => void (isRefusing = true), accept: () => void (isRefusing = false), accepted: () => accepted };
}

describe("the chat's outbox", () => {
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

  test("survives the closing of the tab, and is sent once", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    const grace = await enter(`${site.origin}/chat/lobby`, "Grace");
    const posts = refusePosts(site);
    await say(page, "kept");
    await saying(page, "kept", "waiting").waitFor();
    await page.getByTestId("unsent").waitFor();
    await page.reload();
    await connection(page, "live");
    await page.getByTestId("message-text").getByText("kept").waitFor();
    await page.getByTestId("unsent").waitFor();
    const context = page.context();
    await page.close();
    const again = await context.newPage();
    await again.goto(`${site.origin}/chat/lobby`);
    await again.getByTestId("message-text").getByText("kept").waitFor();
    expect(await saying(again, "kept").count()).toBe(0);
    posts.accept();
    await saying(again, "kept").waitFor();
    await again.getByTestId("unsent").waitFor({ state: "detached" });
    await say(again, "afterwards");
    await saying(grace, "afterwards").waitFor();
    expect(await texts(grace)).toEqual(["kept", "afterwards"]);
    await again.reload();
    await connection(again, "live");
    await expect.poll(() => texts(again)).toEqual(["kept", "afterwards"]);
  });

  test("is shown in all tabs, and sent by one", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const first = await enter(`${site.origin}/chat/lobby`, "Ada");
    const second = await first.context().newPage();
    await second.goto(`${site.origin}/chat/lobby`);
    await connection(second, "live");
    const posts = refusePosts(site);
    await say(first, "of the first tab");
    await second.getByTestId("message-text").getByText("of the first tab").waitFor();
    await second.getByTestId("unsent").waitFor();
    posts.accept();
    for (const tab of [first, second]) await saying(tab, "of the first tab").waitFor();
    expect(posts.accepted()).toBe(1);
    // A tab that is closed leaves its messages to the others.
    posts.refuse();
    await say(first, "left behind");
    await second.getByTestId("message-text").getByText("left behind").waitFor();
    await first.close({ runBeforeUnload: false });
    posts.accept();
    await saying(second, "left behind").waitFor({ timeout: 45_000 });
    expect(await texts(second)).toEqual(["of the first tab", "left behind"]);
  });

  test("gives up what its writer cancels, in any tab", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const first = await enter(`${site.origin}/chat/lobby`, "Ada", { locale: "zh-CN" });
    const second = await first.context().newPage();
    await second.goto(`${site.origin}/chat/lobby`);
    const posts = refusePosts(site);
    await say(first, "never mind");
    await first.getByText("尚未送达").waitFor();
    await second.getByTestId("discard").click();
    for (const tab of [first, second]) await tab.getByTestId("message").waitFor({ state: "detached" });
    posts.accept();
    await say(first, "but this");
    await saying(first, "but this").waitFor();
    await first.reload();
    await connection(first, "live");
    await expect.poll(() => texts(first)).toEqual(["but this"]);
  });

  test("keeps a draft over a reload", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    await page.getByTestId("composer").fill("half a sen");
    await page.reload();
    await expect.poll(() => page.getByTestId("composer").inputValue()).toBe("half a sen");
    await page.getByTestId("send").click();
    await saying(page, "half a sen").waitFor();
    await page.reload();
    await connection(page, "live");
    expect(await page.getByTestId("composer").inputValue()).toBe("");
  });
});
