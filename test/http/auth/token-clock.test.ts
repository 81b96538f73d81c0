import { createHub, type HubOptions, type Logger } from "artesian";
import { describe, expect, it } from "vitest";
import { bearer, claimsNow, HUB, ISSUER, post, SECRET, startSecured, token } from "../../protocol/requirements/support.ts";
import { openStream } from "../../support/stream.ts";
import { forge } from "./support.ts";
import { LATE_MS } from "../../support/clock.ts";

/** Seconds since 1970, as claims have them. */
const now = (): number => Date.now() / 1000;
const COOKIE = "__Secure-mercure_access_token";
const EVENTS = { Accept: "text/event-stream" };

/** A logger that keeps its lines of level warn. */
function recorder(): { logger: Logger; lines: { readonly fields: Record<string, unknown>; readonly text: string }[] } {
  const lines: { fields: Record<string, unknown>; text: string }[] = [];
  const ignore = (): void => undefined;
  const warn = (fields: object, text: string): void => void lines.push({ fields: { ...fields }, text });
  return { logger: { debug: ignore, info: ignore, warn, error: ignore }, lines };
}

/** A hub whose issuer's clock may differ by so much. */
function startWith(leewayMs: number | undefined, options: HubOptions = {}): ReturnType<typeof startSecured> {
  const issuers = [{ issuer: ISSUER, keys: [{ secret: SECRET, algorithms: ["HS256"] }] }];
  return startSecured({ ...options, authorization: { issuers, leewayMs } });
}

const statusOf = async (url: string, value: string): Promise<number> =>
  (await fetch(`${url}?match=a`, { method: "HEAD", headers: bearer(value) })).status;

describe("the clocks of an issuer and of the hub", () => {
  it("may differ by 5 s by default", async () => {
    const { url } = await startWith(undefined);
    for (const claims of [{ exp: now() - 4 }, { nbf: now() + 4 }]) {
      expect(await statusOf(url, token(claims))).toBe(200);
      expect((await post(url, { topic: "a" }, bearer(token(claims)))).status).toBe(200);
    }
    for (const claims of [{ exp: now() - 5 }, { nbf: now() + 8 }]) expect(await statusOf(url, token(claims))).toBe(401);
  });

  it("may differ by the configured leeway", async () => {
    const strict = await startWith(0);
    for (const claims of [{ exp: now() - 0.001 }, { nbf: now() + 5 }]) expect(await statusOf(strict.url, token(claims))).toBe(401);
    const lenient = await startWith(60_000);
    for (const claims of [{ exp: now() - 55 }, { nbf: now() + 59 }]) expect(await statusOf(lenient.url, token(claims))).toBe(200);
  });

  it.each([-1, 300_001, NaN, Infinity, "5s" as unknown as number])("never differ by %j", (leewayMs) => {
    const issuers = [{ issuer: ISSUER, keys: [{ secret: SECRET, algorithms: ["HS256"] }] }];
    expect(() => createHub({ authorization: { issuers, leewayMs } })).toThrow(/`authorization\.leewayMs` is .* from 0 to 300000\.$/);
  });

  it("do not prolong a stream beyond its token, and end it within the leeway if its token was over before", async () => {
    const early = await startWith(4000);
    const soon = Math.floor(now()) + 3;
    const stream1 = await openStream(`${early.url}?match=a`, { headers: bearer(token({ exp: soon })) });
    await stream1.ended;
    expect(Date.now()).toBeLessThanOrEqual(soon * 1000 + LATE_MS);
    const { url } = await startWith(4000);
    const exp = Math.floor(now()) - 1;
    const stream = await openStream(`${url}?match=a`, { headers: bearer(token({ exp })) });
    expect(stream.response.status).toBe(200);
    await stream.ended;
    const endedAt = Date.now();
    expect(endedAt).toBeGreaterThan((exp + 2) * 1000 - 100);
    expect(endedAt).toBeLessThanOrEqual((exp + 4) * 1000 + LATE_MS);
  });

  it("do not bring back a revoked token whose revocation was kept until its expiry", async () => {
    const { hub, url } = await startWith(60_000);
    const value = token({ exp: now() - 30, jti: "stolen" });
    expect(await statusOf(url, value)).toBe(200);
    await hub.revoke({ issuer: ISSUER, tokenId: "stolen", until: Date.now() - 30_000 });
    // With the next one those that are over are dropped.
    await hub.revoke({ issuer: ISSUER, tokenId: "another" });
    expect(await statusOf(url, value)).toBe(401);
  });

  it("are logged with both times, once a minute, if nothing else is wrong with a token", async () => {
    const { logger, lines } = recorder();
    const { url } = await startWith(5000, { logger });
    const exp = Math.floor(now()) - 60;
    const nbf = Math.floor(now()) + 60;
    const values = [token({ exp }), token({ exp }), token({ nbf })];
    const others = [forge({ claims: claimsNow({ exp }), key: "of nobody" }), token({ exp, aud: "https://other.example" })];
    for (const value of [...others, ...values]) expect(await statusOf(url, value)).toBe(401);
    expect(lines).toMatchObject([
      { fields: { audience: '"https://other.example"' } },
      { fields: { claim: "exp", tokenTime: new Date(exp * 1000).toISOString(), issuer: JSON.stringify(ISSUER), leewayMs: 5000, count: 1 } },
      { fields: { claim: "nbf", tokenTime: new Date(nbf * 1000).toISOString() } },
    ]);
    for (const { fields } of lines) {
      if ("claim" in fields) expect(Math.abs(Date.parse(String(fields["hubTime"])) - Date.now())).toBeLessThan(30_000);
      for (const value of values) for (const part of value.split(".")) expect(JSON.stringify(fields)).not.toContain(part);
    }
  });
});

describe("a cookie whose token has expired", () => {
  const get = (url: string, value: string, headers: Record<string, string> = EVENTS): Promise<Response> =>
    fetch(`${url}?match=a`, { headers: { Cookie: `${COOKIE}=${value}`, ...headers } });

  it("gets a stream that says when to come back, so that the EventSource finds the next cookie", async () => {
    const { url } = await startWith(undefined);
    for (const [claims, least, most] of [
      [{ exp: now() - 6 }, 5000, 10_000],
      [{ exp: now() - 86_400 }, 30_000, 60_000],
      [{ nbf: now() + 25 }, 15_000, 30_000],
    ] as const) {
      const answer = await get(url, token(claims));
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
      const text = await answer.text();
      const waitMs = Number(/^retry: (\d+)\nevent: hub:drain\ndata: \{"reconnectInMs":\1,"code":"invalid_token"\}\n\n$/.exec(text)?.[1]);
      expect(waitMs, text).toSatisfy((ms: number) => ms >= least && ms <= most);
    }
    const renewed = await openStream(`${url}?match=a`, { headers: { Cookie: `${COOKIE}=${token()}`, ...EVENTS } });
    await post(url, { topic: "a", data: "x" }, bearer(token()));
    expect((await renewed.next()).data).toBe("x");
  });

  it("gets 401 if the next cookie would not help, or the client can read the status", async () => {
    const { hub, url } = await startWith(undefined);
    const exp = now() - 60;
    await hub.revoke({ issuer: ISSUER, tokenId: "revoked" });
    const texts = new Set<string>();
    for (const answer of [
      await get(url, token({ exp }), { Accept: "*/*" }),
      await get(url, forge({ claims: claimsNow({ exp }), key: "of nobody" })),
      await get(url, token({ exp, aud: `${HUB}/other` })),
      await get(url, token({ jti: "revoked" })),
      await fetch(`${url}?match=a`, { headers: { ...bearer(token({ exp })), ...EVENTS } }),
      await fetch(`${url}?match=a`, { headers: { ...bearer(token({ exp })), Cookie: `${COOKIE}=${token({ exp })}`, ...EVENTS } }),
      await post(url, { topic: "a" }, { Cookie: `${COOKIE}=${token({ exp })}`, Origin: new URL(url).origin, ...EVENTS }),
    ]) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toContain('error="invalid_token"');
      expect(answer.headers.get("retry-after")).toBeNull();
      texts.add(await answer.text());
    }
    expect(texts.size).toBe(1);
  });
});
