import { once } from "node:events";
import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { JSONWebKeySet, JWK } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { SILENT } from "../../../packages/hub/src/core/logger.ts";
import type { KeyOptions } from "../../../packages/hub/src/http/auth/index.ts";
import { JwkSetUrl, type JwkSetUrlLimits } from "../../../packages/hub/src/http/auth/jwk-set-url.ts";
import { authorizer, ec, ed, errorOf, failures, forge, ISSUER, NOW, otherEc, pem, refusal, rsa, SECRET, serve } from "./support.ts";

function jwk(key: KeyObject, members: Partial<JWK> = {}): JWK {
  return { ...key.export({ format: "jwk" }), ...members };
}

describe("keys that cannot work are refused at the start", () => {
  const small = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
  it.each<[string, KeyOptions, RegExp]>([
    ["no key", { algorithms: ["HS256"] }, /exactly one/],
    ["two keys", { algorithms: ["HS256"], secret: SECRET, publicKey: pem(ec.publicKey) }, /exactly one/],
    ["no algorithm", { algorithms: [], secret: SECRET }, /`algorithms` is empty/],
    ["alg none", { algorithms: ["none"], secret: SECRET }, /"none"/],
    ["an unknown algorithm", { algorithms: ["HS256", "toString"], secret: SECRET }, /"toString"/],
    ["no action", { algorithms: ["HS256"], secret: SECRET, actions: [] }, /`actions` is empty/],
    ["an unknown action", { algorithms: ["HS256"], secret: SECRET, actions: ["read" as "publish"] }, /"read"/],
    ["31 bytes for HS256", { algorithms: ["HS256"], secret: "x".repeat(31) }, /at least 32 bytes; this one has 31/],
    ["47 bytes for HS384", { algorithms: ["HS384"], secret: "x".repeat(47) }, /at least 48/],
    ["63 bytes for HS512", { algorithms: ["HS256", "HS512"], secret: new Uint8Array(63) }, /at least 64/],
    ["a public key as secret", { algorithms: ["HS256"], secret: pem(rsa.publicKey) }, /PEM/],
    ["a path as secret", { algorithms: ["HS256"], secret: "/etc/keys/production/issuer-of-tokens.pem" }, /looks like the path of a file/],
    ["a path of bytes", { algorithms: ["HS256"], secret: Buffer.from("/etc/keys/production/issuer-of-tokens.pem\n") }, /path of a file/],
    ["a URL as secret", { algorithms: ["HS256"], secret: "https://issuer.example/keys/jwks.json" }, /is a URL.*jwksUrl/],
    ["a JWK set as secret", { algorithms: ["HS256"], secret: JSON.stringify({ keys: [jwk(ec.publicKey)] }) }, /JWK.*jwks/],
    ["a public key in DER", { algorithms: ["HS256"], secret: ec.publicKey.export({ format: "der", type: "spki" }) }, /public key/],
    [
      "a public key in base64",
      { algorithms: ["HS256"], secret: ec.publicKey.export({ format: "der", type: "spki" }).toString("base64") },
      /public key/,
    ],
    ["a public key for HS256", { algorithms: ["RS256", "HS256"], publicKey: pem(rsa.publicKey) }, /HS256 needs a shared secret/],
    ["a secret for RS256", { algorithms: ["RS256"], secret: SECRET }, /RS256 needs an RSA key/],
    ["EC for RS256", { algorithms: ["RS256"], publicKey: pem(ec.publicKey) }, /RS256 needs an RSA key/],
    ["another curve", { algorithms: ["ES256"], publicKey: pem(p384.publicKey) }, /prime256v1/],
    ["RSA for EdDSA", { algorithms: ["EdDSA"], publicKey: pem(rsa.publicKey) }, /Ed25519/],
    ["1,024 bits", { algorithms: ["RS256"], publicKey: pem(small.publicKey) }, /2048 bits/],
    ["no PEM", { algorithms: ["RS256"], publicKey: "hello" }, /not a key in PEM/],
    ["no JWK set", { algorithms: ["RS256"], jwks: [] as unknown as JSONWebKeySet }, /array named `keys`/],
    ["a set without a fitting key", { algorithms: ["RS256"], jwks: { keys: [jwk(ec.publicKey)] } }, /no key that fits RS256/],
    ["a set and a keyId", { algorithms: ["ES256"], jwks: { keys: [jwk(ec.publicKey)] }, keyId: "a" }, /`keyId`/],
    ["plain http", { algorithms: ["ES256"], jwksUrl: "http://issuer.example/jwks" }, /https/],
    ["a name that only looks like the loopback", { algorithms: ["ES256"], jwksUrl: "http://127.0.0.1.example/jwks" }, /https/],
    ["a URL with a password", { algorithms: ["ES256"], jwksUrl: "https://a:b@issuer.example/jwks" }, /https/],
    ["a file", { algorithms: ["ES256"], jwksUrl: "file:///etc/passwd" }, /https/],
    ["secrets from a URL", { algorithms: ["HS256"], jwksUrl: "https://issuer.example/jwks" }, /no secrets/],
  ])("%s", (_name, key, message) => {
    expect(() => authorizer({ keys: [key] })).toThrow(TypeError);
    expect(() => authorizer({ keys: [key] })).toThrow(message);
  });

  it("except random bytes, with any first byte", () => {
    for (const start of ["/", "./", "~/", "0", "M", "{", "$", "@a/", "https://"]) {
      for (let i = 0; i < 200; i++) {
        const secret = Buffer.concat([Buffer.from(start), createHash("sha256").update(`${start}${i}`).digest()]);
        expect(() => authorizer({ keys: [{ algorithms: ["HS256"], secret }] })).not.toThrow();
      }
    }
  });

  it("so are issuers", () => {
    const keys = [{ secret: SECRET, algorithms: ["HS256"] }];
    expect(() => authorizer({ issuers: [{ issuer: "", keys }] })).toThrow(TypeError);
    expect(() => authorizer({ issuers: [{ issuer: "a", keys: [] }] })).toThrow(TypeError);
    expect(() =>
      authorizer({
        issuers: [
          { issuer: "a", keys },
          { issuer: "a", keys },
        ],
      }),
    ).toThrow(/listed twice/);
    expect(() => authorizer({ resourceIdentifier: "" })).toThrow(TypeError);
    // A message that names the secret would end in a log.
    expect(() => authorizer({ keys: [{ secret: "swordfish", algorithms: ["HS256"] }] })).not.toThrow(/swordfish/);
  });
});

describe("keys", () => {
  it.each([
    ["SPKI", pem(rsa.publicKey)],
    ["PKCS#1", rsa.publicKey.export({ format: "pem", type: "pkcs1" }) as string],
    ["a private key's public half", pem(rsa.privateKey)],
  ])("may be PEM: %s", async (_name, publicKey) => {
    const judge = authorizer({ keys: [{ publicKey, algorithms: ["RS256"] }] });
    expect(await judge.verify(forge({ key: rsa.privateKey }), "subscribe")).toMatchObject({ subject: "alice" });
    await refusal(judge, forge({ key: rsa.privateKey }).slice(0, -8) + "AAAAAAAA");
  });

  it("may be a JWK set, whose members of other uses are left out", async () => {
    const secret = Buffer.from(SECRET).toString("base64url");
    const judge = authorizer({
      keys: [
        {
          algorithms: ["ES256", "EdDSA", "RS256", "HS256"],
          jwks: {
            keys: [
              jwk(ec.privateKey, { kid: "1", use: "sig" }),
              jwk(otherEc.publicKey, { use: "enc" }),
              jwk(rsa.publicKey, { alg: "RS512" }),
              jwk(ed.publicKey, { key_ops: ["deriveKey"] }),
              { kty: "oct", k: secret },
              { kty: "unheard-of" },
            ],
          },
        },
      ],
    });
    await judge.verify(forge({ key: ec.privateKey }), "subscribe");
    await judge.verify(forge({ key: ec.privateKey, header: { kid: "1" } }), "subscribe");
    await judge.verify(forge(), "subscribe");
    for (const { privateKey } of [otherEc, rsa, ed]) expect(await failures(judge, forge({ key: privateKey }))).toEqual(["signature"]);
  });

  it("of one issuer are all tried; kid only says which goes first", async () => {
    const judge = authorizer({
      keys: [
        { publicKey: pem(ec.publicKey), algorithms: ["ES256"], keyId: "a" },
        { publicKey: pem(otherEc.publicKey), algorithms: ["ES256"], keyId: "b" },
      ],
    });
    for (const kid of ["a", "b", "c", 1, undefined]) {
      await judge.verify(forge({ key: ec.privateKey, header: { kid } }), "subscribe");
      await judge.verify(forge({ key: otherEc.privateKey, header: { kid } }), "subscribe");
    }
    const tried = async (kid: string) =>
      (await judge.explain(forge({ key: otherEc.privateKey, header: { kid } }), "subscribe")).find(({ check }) => check === "signature")
        ?.detail;
    expect(await tried("b")).toContain("1 tried");
    expect(await tried("a")).toContain("2 tried");
  });
});

/** An issuer whose set can change, and a clock that can be moved. */
async function remote(keys: JWK[]): Promise<{
  url: string;
  state: { keys: unknown[]; status: number; requests: number; now: number };
}> {
  const state = { keys: keys as unknown[], status: 200, requests: 0, now: NOW };
  const url = await serve((_req, res) => {
    state.requests++;
    res.writeHead(state.status, { "Content-Type": "application/jwk-set+json" }).end(JSON.stringify({ keys: state.keys }));
  });
  return { url: `${url}/jwks`, state };
}

describe("a JWK set URL", () => {
  const MINUTE = 60_000;
  const one = jwk(ec.publicKey, { kid: "1" });
  const two = jwk(otherEc.publicKey, { kid: "2" });
  // They outlive the day that the tests let pass.
  const body = (jti: string) => ({ iss: ISSUER, aud: "https://hub.example/.well-known/mercure", exp: NOW / 1000 + 172_800, jti });
  const first = (jti: string) => forge({ key: ec.privateKey, header: { kid: "1" }, claims: body(jti) });
  const second = (jti: string) => forge({ key: otherEc.privateKey, header: { kid: "2" }, claims: body(jti) });

  async function start() {
    const { url, state } = await remote([one]);
    return { state, judge: authorizer({ keys: [{ jwksUrl: url, algorithms: ["ES256"] }], now: () => state.now }) };
  }

  it("is fetched once for many tokens, and not before the first", async () => {
    const { judge, state } = await start();
    await refusal(judge, forge());
    expect(state.requests).toBe(0);
    await Promise.all(["a", "b", "c"].map(async (jti) => judge.verify(first(jti), "subscribe")));
    await judge.verify(first("d"), "subscribe");
    expect(state.requests).toBe(1);
    state.now += 10 * MINUTE;
    await judge.verify(first("e"), "subscribe");
    expect(state.requests).toBe(2);
  });

  it("is fetched again for an unknown kid, at most every 30 seconds", async () => {
    const { judge, state } = await start();
    await judge.verify(first("a"), "subscribe");
    state.keys = [one, two];
    await refusal(judge, second("a"));
    state.now += 29_999;
    await refusal(judge, second("a"));
    expect(state.requests).toBe(1);
    state.now += 1;
    await judge.verify(second("a"), "subscribe");
    expect(state.requests).toBe(2);
    for (let i = 0; i < 20; i++) await refusal(judge, forge({ key: ec.privateKey, header: { kid: `x${i}` }, claims: body("a") }));
    expect(state.requests).toBe(2);
  });

  it("refuses tokens, even remembered ones, after their key has left the set", async () => {
    const { judge, state } = await start();
    const token = first("a");
    await judge.verify(token, "subscribe");
    expect(judge.verify(token, "subscribe")).not.toBeInstanceOf(Promise);
    state.keys = [two];
    state.now += MINUTE;
    await judge.verify(second("a"), "subscribe");
    await refusal(judge, token);
  });

  it("keeps its keys for a day without a fetch, and then tokens get 503, not 401", async () => {
    const { judge, state } = await start();
    await judge.verify(first("a"), "subscribe");
    state.status = 503;
    state.now += 24 * 60 * MINUTE - MINUTE;
    await judge.verify(first("b"), "subscribe");
    expect(state.requests).toBe(2);
    // Trying again waits.
    await judge.verify(first("c"), "subscribe");
    expect(state.requests).toBe(2);
    state.now += MINUTE;
    expect(await errorOf(judge, first("d"))).toMatchObject({ code: "keys_unavailable", retryAfterMs: expect.any(Number) });
    expect(state.requests).toBe(3);
    state.status = 200;
    state.now += 5000;
    await judge.verify(first("d"), "subscribe");
  });

  it("that cannot be fetched leaves a signature undecided, except for known keys", async () => {
    const { judge, state } = await start();
    await judge.verify(first("a"), "subscribe");
    state.status = 503;
    state.now += MINUTE;
    // The issuer may have a new key since.
    expect(await errorOf(judge, second("b"))).toMatchObject({ code: "keys_unavailable" });
    expect(await errorOf(judge, forge({ key: otherEc.privateKey, claims: body("c") }))).toMatchObject({ code: "keys_unavailable" });
    await refusal(judge, forge({ key: otherEc.privateKey, header: { kid: "1" }, claims: body("d") }));
    await judge.verify(first("e"), "subscribe");
    state.status = 200;
    state.keys = [one, two];
    state.now += 5000;
    await judge.verify(second("b"), "subscribe");
    await refusal(judge, forge({ key: ec.privateKey, header: { kid: "3" }, claims: body("f") }));
  });

  it("is fetched once for many tokens, and less and less often after failures", async () => {
    const { judge, state } = await start();
    state.status = 503;
    const ask = async (): Promise<void> => {
      const errors = await Promise.all(Array.from({ length: 50 }, (_, i) => errorOf(judge, first(`x${i}`))));
      for (const { code, retryAfterMs } of errors) {
        expect(code).toBe("keys_unavailable");
        expect(retryAfterMs).toSatisfy((ms: number) => ms >= 1000 && ms <= 34_000);
      }
    };
    await ask();
    expect(state.requests).toBe(1);
    const waits: number[] = [];
    for (let seconds = 0, asked = 0; waits.length < 8;) {
      state.now += 1000;
      seconds++;
      const before = state.requests;
      await ask();
      if (state.requests === before) continue;
      expect(state.requests).toBe(before + 1);
      waits.push(seconds - asked);
      asked = seconds;
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  });

  it("that was fetched before the clock was set back is fetched again", async () => {
    const { judge, state } = await start();
    await judge.verify(first("a"), "subscribe");
    state.keys = [two];
    state.now -= 60 * MINUTE;
    await judge.verify(second("b"), "subscribe");
  });

  it("is fetched at the start, and again until it succeeds, and then the issuer is no longer named", async () => {
    const { url, state } = await remote([one]);
    state.status = 503;
    const lines: string[] = [];
    const note = (_fields: object, text: string): void => void lines.push(text);
    const logger = { ...SILENT, warn: note, info: note };
    const judge = authorizer({
      keys: [
        { jwksUrl: url, algorithms: ["ES256"] },
        { secret: SECRET, algorithms: ["HS256"] },
      ],
      logger,
    });
    onTestFinished(() => judge.close());
    expect(judge.issuersWithoutKeys()).toEqual([ISSUER]);
    judge.start();
    await expect.poll(() => lines).toEqual(["The issuer's JWK set cannot be fetched."]);
    expect(judge.issuersWithoutKeys()).toEqual([ISSUER]);
    state.status = 200;
    await expect.poll(() => lines).toEqual(["The issuer's JWK set cannot be fetched.", "The issuer's JWK set is available again."]);
    expect(judge.issuersWithoutKeys()).toEqual([]);
    const { requests } = state;
    await judge.verify(first("a"), "subscribe");
    expect(state.requests).toBe(requests);
  });

  it("is not fetched any more once the hub is closed", async () => {
    let ended: Promise<unknown> | undefined;
    const silent = await serve((_req, res) => void (ended = once(res, "close")));
    const judge = authorizer({ keys: [{ jwksUrl: silent, algorithms: ["ES256"] }] });
    judge.start();
    await expect.poll(() => ended).toBeDefined();
    judge.close();
    await ended;
  });

  it("that redirects is not followed", async () => {
    const { url, state } = await remote([one]);
    const redirecting = await serve((_req, res) => res.writeHead(302, { Location: url }).end());
    await errorOf(authorizer({ keys: [{ jwksUrl: redirecting, algorithms: ["ES256"] }] }), first("a"));
    expect(state.requests).toBe(0);
  });

  it.each([
    ["no JSON", "<html>"],
    ["no set", "[]"],
    ["too many keys", JSON.stringify({ keys: Array.from({ length: 101 }, () => one) })],
    ["too large", JSON.stringify({ keys: [one], pad: "x".repeat(256 * 1024) })],
    ["a secret", JSON.stringify({ keys: [{ kty: "oct", kid: "1", k: Buffer.from(SECRET).toString("base64url") }] })],
  ])("that answers with %s has no keys, and it is reported", async (name, text) => {
    const warnings: string[] = [];
    const url = await serve((_req, res) => res.end(text));
    const logger = { ...SILENT, warn: (_fields: object, line: string) => void warnings.push(line) };
    const { code } = await errorOf(authorizer({ keys: [{ jwksUrl: url, algorithms: ["ES256"] }], logger }), first("a"));
    expect(code).toBe(name === "a secret" ? "invalid_token" : "keys_unavailable");
    expect(warnings).toHaveLength(name === "a secret" ? 0 : 1);
  });

  const NOTHING_YET = { keys: [], retryAfterMs: expect.any(Number) };

  function set(url: string, limits: Partial<JwkSetUrlLimits>): JwkSetUrl {
    return new JwkSetUrl({ url, algorithms: ["ES256"], now: Date.now, logger: SILENT, onRemoved: () => undefined, limits });
  }

  it("that never answers, or never ends its answer, is given up", async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const silent = await serve(() => undefined);
    expect(await set(silent, { timeoutMs: 50 }).find("ES256", "1")).toEqual(NOTHING_YET);
    const slow = await serve((_req, res) => {
      closed = once(res, "close");
      res.write('{"keys":[');
    });
    expect(await set(slow, { timeoutMs: 50 }).find("ES256", "1")).toEqual(NOTHING_YET);
    await closed;
  });

  it("that never answers does not delay a token of a local key", async () => {
    let requests = 0;
    const silent = await serve(() => void requests++);
    const judge = authorizer({
      keys: [
        { jwksUrl: silent, algorithms: ["ES256"] },
        { publicKey: pem(ec.publicKey), algorithms: ["ES256"] },
      ],
    });
    await judge.verify(first("a"), "subscribe");
    expect(requests).toBe(0);
  });

  it("that fails slower than the delay to the next attempt is fetched once by a token", async () => {
    let requests = 0;
    const silent = await serve(() => void requests++);
    expect(await set(silent, { timeoutMs: 1000, retryMs: 20 }).find("ES256", "1")).toEqual(NOTHING_YET);
    expect(requests).toBe(1);
  });

  it("that sends without end is cut off at the limit", async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const url = await serve((_req, res) => {
      closed = once(res, "close");
      const more = (): void => {
        while (!res.destroyed && res.write(" ".repeat(65_536)));
      };
      res.on("drain", more);
      more();
    });
    expect(await set(url, { timeoutMs: 20_000, maxBytes: 100_000 }).find("ES256", "1")).toEqual(NOTHING_YET);
    await closed;
  });
});
