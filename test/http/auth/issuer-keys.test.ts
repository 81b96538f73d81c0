import { createServer } from "node:http";
import type { HubOptions } from "artesian";
import { EventSource } from "eventsource";
import { describe, expect, it, onTestFinished } from "vitest";
import { bearer, claimsNow, ec, forge, ISSUER, otherEc, post, startSecured } from "../../protocol/requirements/support.ts";
import { listen } from "../../support/server.ts";

const EVENTS = { Accept: "text/event-stream" };
const COOKIE = "__Secure-mercure_access_token";

/** An issuer that serves its JWK set while it is up. */
async function startIssuer(): Promise<{ url: string; state: { isUp: boolean; requests: number } }> {
  const state = { isUp: false, requests: 0 };
  const keys = [{ ...ec.publicKey.export({ format: "jwk" }), kid: "1" }];
  const server = createServer((_req, res) => {
    state.requests++;
    if (state.isUp) res.setHeader("Content-Type", "application/jwk-set+json").end(JSON.stringify({ keys }));
    else res.writeHead(503).end();
  });
  return { url: `${await listen(server)}/jwks`, state };
}

function start(jwksUrl: string, options: HubOptions = {}): ReturnType<typeof startSecured> {
  return startSecured({ ...options, issuers: [{ issuer: ISSUER, keys: [{ jwksUrl, algorithms: ["ES256"] }] }] });
}

const signed = (): string => forge({ key: ec.privateKey, header: { kid: "1" }, claims: claimsNow() });

describe("an issuer whose JWK set cannot be fetched", () => {
  it("is fetched at the start, before any token", async () => {
    const { url, state } = await startIssuer();
    state.isUp = true;
    const { hub } = await start(url);
    await expect.poll(() => hub.issuersWithoutKeys()).toEqual([]);
    expect(state.requests).toBe(1);
  });

  it("makes its tokens 503, not 401, until the set is fetched", async () => {
    const { url: jwksUrl, state } = await startIssuer();
    const { hub, url } = await start(jwksUrl);
    expect(hub.issuersWithoutKeys()).toEqual([ISSUER]);
    for (const answer of [
      await fetch(`${url}?match=a`, { headers: bearer(signed()) }),
      await post(url, { topic: "a" }, bearer(signed())),
      // Whose signature it is, nobody can tell yet.
      await fetch(`${url}?match=a`, { headers: bearer(forge({ key: otherEc.privateKey, header: { kid: "1" }, claims: claimsNow() })) }),
    ]) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get("www-authenticate")).toBeNull();
      expect(Number(answer.headers.get("retry-after"))).toSatisfy((seconds: number) => seconds >= 1 && seconds <= 34);
      expect(await answer.json()).toMatchObject({ code: "keys_unavailable" });
    }
    // What is wrong whatever the keys say stays 401.
    const foreign = forge({ key: ec.privateKey, claims: claimsNow({ iss: "https://other.example" }) });
    expect((await fetch(`${url}?match=a`, { headers: bearer(foreign) })).status).toBe(401);
    state.isUp = true;
    await expect.poll(() => hub.issuersWithoutKeys()).toEqual([]);
    expect((await fetch(`${url}?match=a`, { method: "HEAD", headers: bearer(signed()) })).status).toBe(200);
    const forged = forge({ key: otherEc.privateKey, header: { kid: "1" }, claims: claimsNow() });
    expect((await fetch(`${url}?match=a`, { headers: bearer(forged) })).status).toBe(401);
  });

  it("does not end an EventSource: it is told in the stream, comes back by itself, and hears", async () => {
    const { url: jwksUrl, state } = await startIssuer();
    const { hub, url } = await start(jwksUrl);
    const cookie = `${COOKIE}=${signed()}`;
    const told = await (await fetch(`${url}?match=a`, { headers: { ...EVENTS, Cookie: cookie } })).text();
    expect(told).toMatch(/^retry: (\d+)\nevent: hub:drain\ndata: \{"reconnectInMs":\1,"code":"keys_unavailable"\}\n\n$/);
    const source = new EventSource(`${url}?match=a`, {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, Cookie: cookie } }),
    });
    onTestFinished(() => source.close());
    await new Promise((resolve) => source.addEventListener("hub:drain", resolve));
    state.isUp = true;
    const heard = new Promise<string>((resolve) => source.addEventListener("message", ({ data }) => resolve(data as string)));
    await expect.poll(() => hub.stats().subscribers, { timeout: 30_000 }).toBe(1);
    await hub.publish({ topic: "a", data: "x", private: true });
    expect(await heard).toBe("x");
  });

  it("is not fetched for each of a herd of tokens", async () => {
    const { url: jwksUrl, state } = await startIssuer();
    const { url } = await start(jwksUrl);
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: 200 }, async () => (await fetch(`${url}?match=a`, { headers: bearer(signed()) })).arrayBuffer()),
    );
    // After 1 s, 2 s, 4 s and so on.
    const seconds = (performance.now() - startedAt) / 1000;
    expect(state.requests).toBeLessThanOrEqual(2 + Math.log2(seconds + 1));
  });
});
