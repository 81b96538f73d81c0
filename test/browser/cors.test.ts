import { createServer } from "node:http";
import { createHub } from "artesian";
import { createGuard } from "artesian/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { listen } from "../support/server.ts";
import { openPage } from "./support.ts";

const METADATA = "/.well-known/oauth-protected-resource/.well-known/mercure";

/** What a page asks: in the page only what a structured clone carries is known. */
interface Asked {
  readonly url: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

describe("a page of a listed origin", () => {
  it("sends what its instrumentation adds, with credentials, and reads each refusal's reason", async () => {
    const site = await listen(createServer((_, res) => res.setHeader("content-type", "text/html").end("<!doctype html>")));
    const hub = createHub({ anonymousPublish: true, corsOrigins: [site], publishOrigins: [site], limits: { bodyBytes: 1024 } });
    onTestFinished(() => hub.close());
    const guard = createGuard({ hosts: ["127.0.0.1"], origins: [site], corsOrigins: [site] });
    const origin = await listen(createServer((req, res) => void (guard(req, res) && hub.handler(req, res))));
    const page = await openPage();
    await page.goto(site);
    const ask = (asked: Asked): Promise<{ status: number; text: string; warning: string | null }> =>
      page.evaluate(async ({ url, body, headers = {} }) => {
        const init: RequestInit = body === undefined ? {} : { method: "POST", body };
        const type = { "Content-Type": "application/x-www-form-urlencoded" };
        const answer = await fetch(url, { ...init, credentials: "include", headers: { ...(body === undefined ? {} : type), ...headers } });
        return { status: answer.status, text: await answer.text(), warning: answer.headers.get("Artesian-Warning") };
      }, asked);
    const url = `${origin}/events/stream`;
    const traced = { "sentry-trace": "a-b-1", baggage: "a=b", traceparent: "00-1-2-01", "X-Requested-With": "XMLHttpRequest" };
    expect(await ask({ url, body: "topic=a&id=x&message=y", headers: traced })).toEqual({
      status: 200,
      text: "x",
      warning: 'Unknown field "message": did you mean "data"?',
    });
    const refusals: readonly (readonly [Asked, number, string])[] = [
      [{ url, body: "topics=a" }, 400, "missing_topic"],
      [{ url, body: "x".repeat(1025) }, 413, "too_large"],
      [{ url: `${origin}/events/streams` }, 404, "not_found"],
      [{ url: url.replace("127.0.0.1", "localhost") }, 421, "host_unknown"],
      [{ url: `${url}?matches=a`, headers: traced }, 400, "unknown_matcher"],
    ];
    for (const [asked, status, code] of refusals) {
      const answer = await ask(asked);
      expect([answer.status, JSON.parse(answer.text)]).toMatchObject([status, { code }]);
    }
    expect(JSON.parse((await ask({ url: origin + METADATA })).text)).toHaveProperty("resource");
  });
});
