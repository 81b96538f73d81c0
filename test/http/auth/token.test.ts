import { describe, expect, it } from "vitest";
import { TokenCache } from "../../../packages/hub/src/http/auth/token-cache.ts";
import {
  authorizer,
  claims,
  ec,
  ed,
  encode,
  failures,
  forge,
  HUB,
  ISSUER,
  NOW,
  otherEc,
  pem,
  refusal,
  rsa,
  SECRET,
  serve,
} from "./support.ts";

const seconds = NOW / 1000;

/** Refused, and for this reason alone. */
async function refused(token: string, check: string, judge = authorizer()): Promise<void> {
  await refusal(judge, token);
  expect(await failures(judge, token)).toEqual([check]);
}

describe("a token is accepted", () => {
  it("and tells its subject, expiry and grants", async () => {
    const topics = [{ type: "exact", pattern: "greeting" }];
    expect(await authorizer().verify(forge(), "subscribe")).toEqual({
      issuer: ISSUER,
      subject: "alice",
      tokenId: "urn:uuid:1",
      issuedAt: NOW - 10_000,
      expiresAt: NOW + 300_000,
      publish: topics,
      subscribe: [{ topics, payload: undefined }],
    });
  });

  it.each(["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])("of typ %s", async (typ) => {
    await authorizer().verify(forge({ header: { typ } }), "subscribe");
  });

  it.each([
    ["RS256", rsa],
    ["ES256", ec],
    ["EdDSA", ed],
  ] as const)("signed with %s", async (algorithm, { publicKey, privateKey }) => {
    const judge = authorizer({ keys: [{ publicKey: pem(publicKey), algorithms: [algorithm] }] });
    expect(await judge.verify(forge({ key: privateKey }), "subscribe")).toMatchObject({ subject: "alice" });
  });

  it("for several audiences, with fractional times, without the claims that the hub does not need", async () => {
    const body = claims({
      aud: ["https://other.example", HUB],
      exp: seconds + 0.25,
      nbf: seconds - 0.5,
      iat: 0.5,
      sub: undefined,
      jti: undefined,
      client_id: undefined,
    });
    expect(await authorizer().verify(forge({ claims: body }), "subscribe")).toMatchObject({
      expiresAt: NOW + 250,
      subject: undefined,
      tokenId: undefined,
    });
  });
});

describe("the table of attacks on tokens", () => {
  it("alg none", async () => {
    const unsigned = `${encode({ alg: "none", typ: "at+jwt" })}.${encode(claims())}.`;
    await refused(unsigned, "alg");
    for (const alg of ["None", "NONE", "nOnE", "", null, 0, ["HS256"], undefined]) await refused(forge({ header: { alg } }), "alg");
    const [header, body] = forge().split(".");
    await refused(`${header}.${body}.`, "signature");
  });

  it("RS256 to HS256 confusion, with the public key as the secret", async () => {
    const publicKey = pem(rsa.publicKey);
    const judge = authorizer({ keys: [{ publicKey, algorithms: ["RS256"] }] });
    await judge.verify(forge({ key: rsa.privateKey }), "subscribe");
    for (const key of [publicKey, publicKey.trim(), rsa.publicKey.export({ format: "der", type: "spki" }).toString("latin1")]) {
      await refused(forge({ key }), "alg", judge);
    }
    // Beside a key that does accept HS256.
    const both = authorizer({
      keys: [
        { publicKey, algorithms: ["RS256"] },
        { secret: SECRET, algorithms: ["HS256"] },
      ],
    });
    await refused(forge({ key: publicKey }), "signature", both);
  });

  it.each([
    "../../../../dev/null",
    "/dev/null",
    "' OR 1=1 --",
    "__proto__",
    "constructor",
    "https://evil.example/key",
    "\0",
    "x".repeat(4000),
  ])("kid traversal: %j", async (kid) => {
    const judge = authorizer({ keys: [{ secret: SECRET, algorithms: ["HS256"], keyId: "a" }] });
    for (const key of ["", "\0", "undefined", kid]) await refused(forge({ key, header: { kid } }), "signature", judge);
  });

  it("jwk, jku, x5u and x5c headers are ignored: nothing is fetched", async () => {
    let requests = 0;
    const jwk = otherEc.publicKey.export({ format: "jwk" });
    const url = await serve((_req, res) => {
      requests++;
      res.setHeader("Content-Type", "application/json").end(JSON.stringify({ keys: [jwk] }));
    });
    const judge = authorizer({ keys: [{ publicKey: pem(ec.publicKey), algorithms: ["ES256"] }] });
    const header = { jwk, jku: `${url}/jwks`, x5u: `${url}/cert`, x5c: [pem(otherEc.publicKey)], kid: `${url}/kid` };
    await refused(forge({ key: otherEc.privateKey, header }), "signature", judge);
    await refused(forge({ key: otherEc.privateKey, header, claims: claims({ iss: url }) }), "iss", judge);
    await judge.verify(forge({ key: ec.privateKey, header }), "subscribe");
    expect(requests).toBe(0);
  });

  it.each([
    undefined,
    "",
    "https://hub.example/.well-known/mercure/",
    "https://hub.example",
    [],
    ["https://other.example"],
    [HUB, 1],
    { [HUB]: 1 },
    null,
  ])("wrong aud: %j", (aud) => refused(forge({ claims: claims({ aud }) }), "aud"));

  it.each(["JWT", "", undefined, null, 1, ["at+jwt"], "at+jwt ", "x/at+jwt", "application/application/at+jwt", "at+jwt\n"])(
    "wrong typ: %j",
    (typ) => refused(forge({ header: { typ } }), "typ"),
  );

  it.each([
    undefined,
    null,
    "",
    "https://issuer.example/",
    "HTTPS://issuer.example",
    " https://issuer.example",
    [ISSUER],
    "__proto__",
    "constructor",
  ])("wrong iss: %j", (iss) => refused(forge({ claims: claims({ iss }) }), "iss"));

  it.each([undefined, null, seconds, seconds - 0.001, -1, 0, "9999999999", [9_999_999_999], true, 1e300])("exp: %j", (exp) =>
    refused(forge({ claims: claims({ exp }) }), "exp"),
  );

  it.each([seconds + 0.001, seconds + 60, null, "0", 1e300])("nbf: %j", (nbf) => refused(forge({ claims: claims({ nbf }) }), "nbf"));

  it("two issuers with one kid", async () => {
    const issuers = [
      { issuer: ISSUER, keys: [{ publicKey: pem(ec.publicKey), algorithms: ["ES256"], keyId: "1" }] },
      { issuer: "https://two.example", keys: [{ publicKey: pem(otherEc.publicKey), algorithms: ["ES256"], keyId: "1" }] },
    ];
    const judge = authorizer({ issuers });
    const two = claims({ iss: "https://two.example" });
    const header = { kid: "1" };
    await judge.verify(forge({ header, key: ec.privateKey }), "subscribe");
    await judge.verify(forge({ header, key: otherEc.privateKey, claims: two }), "subscribe");
    await refused(forge({ header, key: otherEc.privateKey }), "signature", judge);
    await refused(forge({ header, key: ec.privateKey, claims: two }), "signature", judge);
  });

  it("a key that is trusted for another action", async () => {
    const judge = authorizer({
      keys: [
        { publicKey: pem(ec.publicKey), algorithms: ["ES256"], actions: ["publish"] },
        { publicKey: pem(otherEc.publicKey), algorithms: ["ES256"], actions: ["subscribe"] },
        { secret: SECRET, algorithms: ["HS256"], actions: ["publish"] },
      ],
    });
    const publisher = forge({ key: ec.privateKey });
    const subscriber = forge({ key: otherEc.privateKey });
    expect(await judge.verify(publisher, "publish")).toMatchObject({ publish: [{ pattern: "greeting" }], subscribe: [] });
    expect(await judge.verify(subscriber, "subscribe")).toMatchObject({ publish: [], subscribe: [{ payload: undefined }] });
    // Also now that they are remembered for the other action.
    await refused(publisher, "signature", judge);
    await refusal(judge, subscriber, "publish");
    await refused(forge(), "action", judge);
  });
});

describe("a token is refused", () => {
  it.each([
    ["crit", ["exp"]],
    ["crit", ["b64"]],
    ["crit", []],
    ["crit", null],
  ])("with the header %s %j", (name, value) => refused(forge({ header: { [name]: value, b64: true } }), "crit"));

  it.each([
    ["sub", 1],
    ["sub", null],
    ["sub", "\ud800"],
    ["jti", {}],
    ["jti", false],
    ["client_id", ["x"]],
    ["iat", "1"],
    ["iat", null],
  ])("with the claim %s %j", (name, value) => refused(forge({ claims: claims({ [name]: value }) }), "identity"));

  it("with a number that JSON has and JavaScript has not", async () => {
    await refused(forge({ claims: JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e999') }), "exp");
  });

  it.each([
    "",
    ".",
    "..",
    "...",
    "a.b",
    "a.b.c.d",
    `${forge()}.`,
    ` ${forge()}`,
    `${forge()}\n`,
    `${forge()}=`,
    forge({ header: "[]" }),
    forge({ header: "null" }),
    forge({ header: "{" }),
    forge({ claims: "[]" }),
    forge({ claims: '"text"' }),
    forge({ claims: `\ufeff${JSON.stringify(claims())}` }),
    forge({ claims: Buffer.from(JSON.stringify(claims({ sub: "\u00ff" })), "latin1") }),
  ])("that is malformed: %j", async (token) => {
    await refused(token, "form");
  });

  it("with another spelling, in the unused bits at the end of a part", async () => {
    // 32 bytes leave two bits of the last character unused.
    const token = forge();
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const twin = token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) ?? "") + 1];
    const bytes = (text: string) => Buffer.from(text.split(".")[2] ?? "", "base64url");
    expect(bytes(twin)).toEqual(bytes(token));
    await refused(twin, "form");
  });

  it("that is longer than the limit", async () => {
    const judge = authorizer({ limits: { tokenBytes: 1000, grantsPerToken: 100, topicBytes: 2048 } });
    const long = (length: number) => forge({ claims: claims({ pad: "x".repeat(length) }) });
    await judge.verify(long(1), "subscribe");
    await refused(long(1000), "size", judge);
    await refused("x".repeat(100_000_000), "size", judge);
  });

  it("however deep it is nested", async () => {
    const judge = authorizer({ limits: { tokenBytes: 1_000_000, grantsPerToken: 100, topicBytes: 2048 } });
    for (const deep of [`${"[".repeat(200_000)}${"]".repeat(200_000)}`, `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`]) {
      const body = JSON.stringify(claims({ aud: 0 })).replace('"aud":0', `"aud":${deep}`);
      await refused(forge({ claims: body }), "aud", judge);
    }
  });

  it("always in the same words", async () => {
    const judge = authorizer();
    const texts = new Set<string>();
    for (const body of [{ exp: 1 }, { aud: "x" }, { iss: "x" }, { authorization_details: 1 }]) {
      texts.add(await refusal(judge, forge({ claims: claims(body) })));
    }
    texts.add(await refusal(judge, "garbage"));
    texts.add(await refusal(judge, forge({ key: "wrong" })));
    expect(texts.size).toBe(1);
  });

  it("with the reason in the log, without the token", async () => {
    const lines: object[] = [];
    const ignore = (): void => undefined;
    const judge = authorizer({ logger: { debug: (fields) => void lines.push(fields), info: ignore, warn: ignore, error: ignore } });
    const token = forge({ claims: claims({ exp: 1 }) });
    await refusal(judge, token);
    expect(lines).toEqual([expect.objectContaining({ check: "exp", action: "subscribe" })]);
    for (const part of token.split(".")) expect(JSON.stringify(lines)).not.toContain(part);
  });
});

describe("a verified token", () => {
  it("is answered synchronously the next time, for the same action and bytes, until it expires", async () => {
    let now = NOW;
    const judge = authorizer({ now: () => now });
    const token = forge();
    const first = judge.verify(token, "subscribe");
    expect(first).toBeInstanceOf(Promise);
    const verified = await first;
    expect(judge.verify(token, "subscribe")).toBe(verified);
    const toPublish = judge.verify(token, "publish");
    expect(toPublish).toBeInstanceOf(Promise);
    await toPublish;
    // Equal bytes in another string.
    expect(judge.verify(Buffer.from(token).toString(), "publish")).toBe(await toPublish);
    now = NOW + 299_999;
    expect(judge.verify(token, "subscribe")).toBe(verified);
    now = NOW + 300_000;
    await refusal(judge, token);
  });

  it("is forgotten after as many others as the cache holds", async () => {
    const cache = new TokenCache(4);
    const said = { ...(await authorizer().verify(forge(), "subscribe")) };
    for (const token of ["a", "b", "a", "c", "d", "e"]) cache.set(token, "subscribe", said);
    expect(["a", "c", "d", "e"].map((token) => cache.get(token, "subscribe", NOW))).toEqual([undefined, said, said, said]);
    expect(cache.get("c", "publish", NOW)).toBeUndefined();
    cache.clear();
    expect(cache.get("e", "subscribe", NOW)).toBeUndefined();
  });

  it("is explained check by check", async () => {
    const verdicts = await authorizer().explain(forge(), "subscribe");
    expect(verdicts.map(({ check, ok }) => [check, ok])).toEqual(
      ["size", "form", "typ", "crit", "iss", "alg", "action", "aud", "exp", "nbf", "identity", "signature", "authorization_details"].map(
        (check) => [check, true],
      ),
    );
    const bad = await authorizer().explain(forge({ claims: claims({ iss: "x", exp: 1 }) }), "subscribe");
    expect(bad.filter(({ ok }) => !ok)).toEqual([
      { check: "iss", ok: false, detail: 'iss is "x", which is no trusted issuer. Trusted: "https://issuer.example".' },
      { check: "alg", ok: false, detail: "Not checked, because of the above." },
      { check: "action", ok: false, detail: "Not checked, because of the above." },
      { check: "exp", ok: false, detail: "exp is 1970-01-01T00:00:01.000Z; it is 2027-01-15T08:00:00.000Z now." },
      { check: "signature", ok: false, detail: "Not checked, because of the above." },
    ]);
  });
});
