import type { HubOptions } from "artesian";
import { describe, expect, it } from "vitest";
import { startServer } from "../../cli/command.ts";
import { startHub } from "../../support/server.ts";
import { TRUSTING } from "../../support/tokens.ts";
import { HUB_PATH, type OpenApi, readDocument } from "./support.ts";

const APP = "https://app.example";
const PATHS = ["/openapi.json", "/asyncapi.json"];

async function ask(options: HubOptions): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const { origin } = await startHub(options);
  return (path, init = {}) => fetch(`${origin}${HUB_PATH}${path}`, init);
}

describe.each(PATHS)("%s", (path) => {
  it("is served only if the option is on", async () => {
    for (const options of [{}, { apiDescription: false }]) {
      const response = await (await ask(options))(path);
      expect([response.status, await response.json()]).toMatchObject([404, { code: "not_found" }]);
      expect((await (await ask(options))(path, { method: "POST" })).status).toBe(404);
    }
    expect((await (await ask({ apiDescription: true }))(path)).status).toBe(200);
  });

  it("needs no token, and ignores one", async () => {
    const get = await ask({ ...TRUSTING, apiDescription: true, anonymous: false });
    for (const headers of [{}, { Authorization: "Bearer forged" }, { Authorization: "Basic eA==" }]) {
      expect((await get(path, { headers })).status).toBe(200);
    }
  });

  it("answers HEAD without a body, and refuses other methods", async () => {
    const get = await ask({ apiDescription: true });
    const head = await get(path, { method: "HEAD" });
    expect([head.status, head.headers.get("content-type"), await head.text()]).toEqual([200, "application/json", ""]);
    for (const method of ["POST", "PUT", "DELETE", "QUERY"]) {
      const response = await get(path, { method });
      expect([response.status, response.headers.get("allow"), await response.json()]).toMatchObject([
        405,
        "GET, HEAD, OPTIONS",
        { code: "method_not_allowed" },
      ]);
    }
    expect((await get(`${path}/more`)).status).toBe(404);
  });

  it("is readable for pages of listed origins only", async () => {
    const get = await ask({ apiDescription: true, corsOrigins: [APP] });
    const allowed = async (origin: string, method: string): Promise<string | null> =>
      (await get(path, { method, headers: { Origin: origin } })).headers.get("access-control-allow-origin");
    for (const method of ["GET", "OPTIONS", "POST"]) {
      expect(await allowed(APP, method), method).toBe(APP);
      expect(await allowed("https://evil.example", method), method).toBeNull();
    }
    const preflight = await get(path, { method: "OPTIONS", headers: { Origin: APP } });
    expect([preflight.status, preflight.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
  });

  it("is the same text each time", async () => {
    const get = await ask({ apiDescription: true });
    const text = await (await get(path)).text();
    expect(await (await get(path)).text()).toBe(text);
    expect(text.endsWith("}\n")).toBe(true);
  });
});

describe("artesian serve", () => {
  it("describes itself with --api-description, and else does not", async () => {
    const { url } = await startServer(["--api-description"]);
    const { servers, paths } = await readDocument<OpenApi>(url, "openapi");
    expect(servers).toEqual([{ url }]);
    expect(Object.keys(paths)).toContain(`${HUB_PATH}/openapi.json`);
    expect((await readDocument<OpenApi>(url.replace("127.0.0.1", "localhost"), "openapi")).servers).toEqual([
      { url: url.replace("127.0.0.1", "localhost") },
    ]);
    // Read by the strict reader, which publishes at the hub's own paths alone.
    expect((await fetch(`${url}${HUB_PATH}/openapi.json`, { method: "POST", body: new URLSearchParams({ topic: "a" }) })).status).toBe(405);
    const silent = await startServer();
    expect((await fetch(`${silent.url}${HUB_PATH}/openapi.json`)).status).toBe(404);
  });
});
