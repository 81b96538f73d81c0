import { createServer, type RequestListener } from "node:http";
import { createGuard } from "artesian/http";
import { describe, expect, it } from "vitest";
import { startNginx } from "../../protocol/nginx.ts";
import { send, startServer } from "../../cli/command.ts";
import { listen, startHub, type TestHub } from "../../support/server.ts";
import { exact, HUB_URL, mint, TRUSTING } from "../../support/tokens.ts";

const PUBLIC = "https://hub.example";
const FORM = { "content-type": "application/x-www-form-urlencoded" };

async function withCookie(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const cookie = `__Secure-mercure_access_token=${await mint({ publish: [exact("*")] })}`;
  return (await send(url, { method: "POST", headers: { ...FORM, cookie, ...headers } }, "topic=a")).status;
}

describe("a publish with the cookie", () => {
  const start = (options: Parameters<typeof startHub>[0] = {}): Promise<TestHub> => startHub({ ...TRUSTING, ...options });

  it("comes from a page of the public URL's origin, for any Host field", async () => {
    const { url } = await start();
    for (const host of ["127.0.0.1:3000", "backend", "hub.example"]) {
      expect(await withCookie(url, { host, origin: PUBLIC })).toBe(200);
      expect(await withCookie(url, { host, referer: `${PUBLIC}/page?x=https://evil.example` })).toBe(200);
    }
  });

  it("does not come from another scheme or port of the public host, or from an app's scheme, even if the Host field names that host", async () => {
    const { hub, url } = await start();
    for (const origin of [
      "http://hub.example",
      "http://HUB.example",
      "http://hub.example:8080",
      "https://hub.example:8443",
      "http://hub.example.",
      "capacitor://hub.example",
      "capacitor://127.0.0.1:3000",
      "null",
    ]) {
      for (const host of ["hub.example", origin.replace(/^.*:\/\//, "")]) {
        expect(await withCookie(url, { host, origin }), origin).toBe(403);
        expect(await withCookie(url, { host, referer: `${origin}/page` }), origin).toBe(403);
        expect(await withCookie(url, { host, origin, "sec-fetch-site": "same-origin" }), origin).toBe(403);
      }
    }
    expect(hub.stats().tail).toBe(0);
  });

  it("comes from a page of another name that the request gives the hub, unless the browser says that it is of another site", async () => {
    for (const hubUrl of [HUB_URL, "http://localhost/.well-known/mercure"]) {
      const issuers = TRUSTING.authorization?.issuers ?? [];
      const { url } = await start({ url: hubUrl, authorization: { issuers, resourceIdentifier: HUB_URL } });
      const host = "192.168.1.5:3000";
      // A proxy may have ended TLS in front.
      for (const origin of [`http://${host}`, `https://${host}`]) {
        expect(await withCookie(url, { host, origin })).toBe(200);
        expect(await withCookie(url, { host, origin, "sec-fetch-site": "same-origin" })).toBe(200);
        // A page of the visitor's own machine, and a proxy that names its upstream: http://127.0.0.1:3000 is both.
        for (const site of ["cross-site", "same-site", "none", ""])
          expect(await withCookie(url, { host, origin, "sec-fetch-site": site }), site).toBe(403);
      }
      for (const origin of [`capacitor://${host}`, "http://192.168.1.5", "http://evil.example", "null"])
        expect(await withCookie(url, { host, origin }), origin).toBe(403);
    }
  });

  it("comes from a listed origin of an app's own scheme", async () => {
    const { url } = await start({ publishOrigins: ["capacitor://localhost"] });
    expect(await withCookie(url, { origin: "capacitor://localhost" })).toBe(200);
    expect(await withCookie(url, { referer: "capacitor://localhost/index.html" })).toBe(200);
    for (const origin of ["capacitor://localhost.evil", "http://localhost", "ionic://localhost"])
      expect(await withCookie(url, { origin }), origin).toBe(403);
  });

  it("comes through the nginx of docs/operate/nginx.md, which names another host", async () => {
    const { origin } = await start();
    const proxy = await startNginx(Number(new URL(origin).port));
    expect(await withCookie(`${proxy}/events/stream`, { host: "hub.example", origin: PUBLIC })).toBe(200);
    expect(await withCookie(`${proxy}/events/stream`, { host: "hub.example", origin: "http://hub.example" })).toBe(403);
  });

  it("goes through to `artesian serve --public-url` behind nginx", async () => {
    const issuer = ["--issuer", "https://backend.example", "--jwt-key", "x".repeat(40)];
    const { url } = await startServer(["--journal", "memory", "--public-url", PUBLIC, ...issuer], { tokens: true });
    const proxy = await startNginx(Number(new URL(url).port));
    const code = async (origin: string): Promise<unknown> => {
      const headers = { ...FORM, host: "hub.example", cookie: "__Secure-mercure_access_token=x.y.z", origin };
      const { body } = await send(`${proxy}/events/stream`, { method: "POST", headers }, "topic=a");
      return (JSON.parse(body) as { code: unknown }).code;
    };
    // The token is no good, which is found out after the origin was taken.
    expect(await code(PUBLIC)).toBe("invalid_token");
    expect(await code("http://hub.example")).toBe("origin_forbidden");
  });
});

describe("the guard", () => {
  it("knows the public URL's origin, scheme included", async () => {
    const guard = createGuard({ hosts: undefined, publicUrl: PUBLIC });
    const answer: RequestListener = (req, res) => void (guard(req, res) && res.end());
    const url = await listen(createServer(answer));
    const status = async (origin: string, host: string, site?: string): Promise<number | undefined> =>
      (await send(url, { method: "POST", headers: { origin, host, ...(site === undefined ? {} : { "sec-fetch-site": site }) } })).status;
    for (const host of ["127.0.0.1:3000", "hub.example"]) {
      expect(await status(PUBLIC, host)).toBe(200);
      for (const origin of ["http://hub.example", "https://hub.example:8443", "null"]) expect(await status(origin, host), origin).toBe(403);
    }
    expect(await status("http://127.0.0.1:3000", "127.0.0.1:3000")).toBe(200);
    expect(await status("http://127.0.0.1:3000", "127.0.0.1:3000", "cross-site")).toBe(403);
  });
});
