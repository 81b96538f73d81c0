import { createServer } from "node:http";
import { createHub } from "artesian";
import { describe, expect, it, onTestFinished } from "vitest";
import { claimsNow, forge, HUB, ISSUER, SECRET, token } from "../protocol/requirements/support.ts";
import { listen } from "../support/server.ts";
import { blockOf } from "../examples/markdown.ts";
import { openPage } from "./support.ts";

const ISSUERS = [{ issuer: ISSUER, keys: [{ secret: SECRET, algorithms: ["HS256"] }] }];
const COOKIE = "__Secure-mercure_access_token";
const PAGE = `<!doctype html><script>new EventSource("/events/stream?match=greeting").onmessage = (event) => console.log(event.data);</script>`;
const OPTIONS = "Path=/; Secure; HttpOnly; SameSite=Lax";

/** A token that ended just now. */
const ended = (): string => forge({ claims: claimsNow({ exp: Date.now() / 1000 - 6 }) });

describe("the EventSource of a page", () => {
  it("renews the cookie as the documentation shows it", async () => {
    const hub = createHub({ url: HUB, authorization: { issuers: ISSUERS }, drainMs: 500 });
    onTestFinished(() => hub.close());
    let renewals = 0;
    const origin = await listen(
      createServer((req, res) => {
        hub.handler(req, res, () => {
          if (req.url === "/hub-cookie") renewals++;
          if (req.url === "/hub-cookie") res.setHeader("Set-Cookie", `${COOKIE}=${token()}; ${OPTIONS}`);
          // Not with what else a browser asks for, such as an icon.
          if (req.url === "/page") res.setHeader("Set-Cookie", `${COOKIE}=${ended()}; ${OPTIONS}`);
          res.setHeader("Content-Type", "text/html").end(`<!doctype html>${blockOf("guides/authorization.md", "html")}`);
        });
      }),
    );
    const page = await openPage();
    const logged = page.waitForEvent("console");
    await page.goto(`${origin}/page`);
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    expect(renewals).toBe(1);
    await hub.publish({ topic: "/users/42", data: "Hello again!", private: true });
    expect((await logged).text()).toBe("Hello again!");
  });

  it("of one line outlives the token in its cookie, and hears again once the cookie is renewed", async () => {
    const hub = createHub({ url: HUB, authorization: { issuers: ISSUERS }, drainMs: 500 });
    onTestFinished(() => hub.close());
    const asked: (string | undefined)[] = [];
    const origin = await listen(
      createServer((req, res) => {
        if (req.url?.startsWith("/events/stream") === true) asked.push(req.headers.accept);
        hub.handler(req, res, () => res.setHeader("Content-Type", "text/html").end(PAGE));
      }),
    );
    const page = await openPage();
    const setCookie = (value: string): Promise<void> =>
      page.context().addCookies([{ name: COOKIE, value, domain: "127.0.0.1", path: "/", secure: true, httpOnly: true, sameSite: "Lax" }]);
    await setCookie(ended());
    const logged = page.waitForEvent("console");
    await page.goto(origin);
    await expect.poll(() => asked).toEqual(["text/event-stream"]);
    expect(hub.stats().subscribers).toBe(0);
    // As a page of the application does it, in this tab or another.
    await setCookie(token());
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    await hub.publish({ topic: "greeting", data: "Hello again!", private: true });
    expect((await logged).text()).toBe("Hello again!");
  });
});
