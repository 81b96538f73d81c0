import { describe, expect, test } from "vitest";
import { startSite, usePages } from "../chat-site.ts";
import { enter, say, saying, texts } from "./talking.ts";

usePages();

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
});
