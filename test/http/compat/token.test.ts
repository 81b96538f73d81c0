import { describe, expect, it } from "vitest";
import type { Authorizer, AuthorizerOptions } from "../../../packages/hub/src/http/auth/index.ts";
import { authorizer, claims, ec, encode, failures, forge, ISSUER, NOW, otherEc, pem, refusal } from "../auth/support.ts";

const JWT = { typ: "JWT" };

function judge(changes: Partial<AuthorizerOptions> & { keys?: AuthorizerOptions["issuers"][number]["keys"] } = {}): Authorizer {
  return authorizer({ compat: "0.x", ...changes });
}

/** A token as PHP's `LcobucciFactory` makes it, but for what is changed. */
function compat(mercure: unknown, others: object = {}, key: Parameters<typeof forge>[0] = {}): string {
  return forge({ header: JWT, claims: { mercure, exp: NOW / 1000 + 3600.25, ...others }, ...key });
}

const template = (pattern: string): object => ({ type: "uritemplate", pattern });

describe("a token of Mercure 0.x", () => {
  it("grants by URI templates, and needs no audience, issuer or expiry", async () => {
    const token = forge({ header: JWT, claims: { mercure: { publish: ["*"], subscribe: ["https://example.com/{id}", "a"] } } });
    expect(await judge().verify(token, "subscribe")).toEqual({
      issuer: ISSUER,
      subject: undefined,
      tokenId: undefined,
      issuedAt: undefined,
      expiresAt: Infinity,
      publish: [template("*")],
      subscribe: [{ topics: [template("https://example.com/{id}"), template("a")], payload: undefined }],
    });
  });

  it.each([JWT, { typ: undefined }, { typ: "jwt" }, { typ: "application/jwt" }])("is known by its typ: %j", async (header) => {
    const token = forge({ header, claims: { mercure: { publish: ["a"] } } });
    expect((await judge().verify(token, "publish")).publish).toEqual([template("a")]);
    await refusal(authorizer(), token, "publish");
    expect(await failures(authorizer(), token)).toContain("typ");
  });

  it.each([{ typ: "logout+jwt" }, { typ: "" }, { typ: null }, { typ: 1 }, { typ: ["JWT"] }, { typ: "dpop+jwt" }])(
    "is none with another typ: %j",
    async (header) => {
      const token = forge({ header, claims: { mercure: { publish: ["a"] } } });
      expect(await failures(judge(), token)).toEqual(["typ"]);
    },
  );

  it("never covers an at+jwt, which is judged as before", async () => {
    const expected = await authorizer().verify(forge(), "subscribe");
    expect(await judge().verify(forge(), "subscribe")).toEqual(expected);
    const both = forge({ claims: claims({ authorization_details: undefined, mercure: { publish: ["*"] } }) });
    expect((await judge().verify(both, "publish")).publish).toEqual([]);
    for (const change of [{ aud: undefined }, { exp: undefined }, { iss: undefined }, { aud: "https://other.example" }]) {
      await refusal(judge(), forge({ claims: claims(change) }));
    }
  });

  it.each([
    [{ publish: [], subscribe: [] }],
    [{ publish: {}, subscribe: {} }],
    [{ publish: null, subscribe: null, payload: null }],
    [{ publish: [""], subscribe: [""] }],
    [{}],
    [[]],
    [null],
    [undefined],
  ])("allows nothing with an empty claim: %j", async (mercure) => {
    const token = compat(mercure);
    expect(await judge().verify(token, "subscribe")).toMatchObject({ publish: [], subscribe: [] });
    expect(await judge().verify(token, "publish")).not.toHaveProperty("payload");
  });

  it.each([
    ["*"],
    [["*"]],
    [1],
    [true],
    [{ publish: "*" }],
    [{ subscribe: { "1": "a" } }],
    [{ subscribe: ["a", 1] }],
    [{ subscribe: [{ match: "a" }] }],
    [{ publish: ["a\n"] }],
    [{ publish: [`{a}${"b".repeat(2048)}`] }],
    [{ publish: [`{a}${"b".repeat(1500)}`] }],
    [{ publish: Array.from({ length: 101 }, (_, i) => `t${i}`) }],
    [{ publish: Array.from({ length: 60 }, (_, i) => `t${i}`), subscribe: Array.from({ length: 60 }, (_, i) => `t${i}`) }],
    [{ payload: JSON.parse("[".repeat(40) + "]".repeat(40)) as unknown }],
  ])("is refused with a claim that can't be read: %j", async (mercure) => {
    expect(await failures(judge({ limits: { tokenBytes: 16_384, grantsPerToken: 100, topicBytes: 2048 } }), compat(mercure))).toEqual([
      "mercure",
    ]);
  });

  it("may have the claim under a URL's name, which wins", async () => {
    const token = compat({ publish: ["a"] }, { "https://mercure.rocks/": { publish: ["b"] } });
    expect((await judge().verify(token, "publish")).publish).toEqual([template("b")]);
  });

  it.each([{ user: "alice", __proto__x: [1, { a: null }] }, [], ["x"], "text", 7, false])(
    "has a payload of any kind: %j",
    async (payload) => {
      const said = await judge().verify(compat({ payload }), "subscribe");
      expect(JSON.stringify(said.payload)).toBe(JSON.stringify(payload));
    },
  );

  it.each([
    [{ exp: undefined }, Infinity],
    [{ exp: null }, Infinity],
    [{ exp: NOW / 1000 + 0.25 }, NOW + 250],
  ])("may end: %j", async (times, expiresAt) => {
    expect(await judge().verify(compat({}, times), "subscribe")).toMatchObject({ expiresAt });
  });

  it.each([
    [{ exp: NOW / 1000 }, "exp"],
    [{ exp: "9999999999" }, "exp"],
    [{ exp: 0 }, "exp"],
    [{ nbf: NOW / 1000 + 0.5 }, "nbf"],
    [{ sub: 1 }, "identity"],
    [{ jti: {} }, "identity"],
    [{ iat: "1" }, "identity"],
  ])("is refused with %j", async (change, check) => expect(await failures(judge(), compat({}, change))).toEqual([check]));

  it("is verified by any key for the action, or by those of the issuer that it names", async () => {
    const issuers = [
      { issuer: ISSUER, keys: [{ publicKey: pem(ec.publicKey), algorithms: ["ES256"], actions: ["publish"] as const }] },
      { issuer: "https://two.example", keys: [{ publicKey: pem(otherEc.publicKey), algorithms: ["ES256"] }] },
    ];
    const both = judge({ issuers });
    const grants = { publish: ["a"], subscribe: ["b"] };
    const one = compat(grants, {}, { key: ec.privateKey });
    expect(await both.verify(one, "publish")).toMatchObject({ issuer: ISSUER, publish: [template("a")], subscribe: [] });
    await refusal(both, one, "subscribe");
    for (const iss of [undefined, "https://unknown.example", 7]) {
      const two = compat(grants, { iss }, { key: otherEc.privateKey });
      expect(await both.verify(two, "subscribe")).toMatchObject({
        issuer: "https://two.example",
        subscribe: [{ topics: [template("b")] }],
      });
    }
    expect(await failures(both, compat(grants, { iss: ISSUER }, { key: otherEc.privateKey }), "publish")).toEqual(["signature"]);
    expect(await failures(judge({ issuers: [] }), one)).toEqual(["iss"]);
  });

  it("is refused without the signature that the keys demand", async () => {
    const payload = { mercure: { publish: ["*"] } };
    const unsigned = `${encode({ alg: "none", typ: "JWT" })}.${encode(payload)}.`;
    expect(await failures(judge(), unsigned)).toEqual(["alg"]);
    expect(await failures(judge(), compat({ publish: ["*"] }, {}, { key: "another secret of thirty-two bytes or more" }))).toEqual([
      "signature",
    ]);
    // A public key taken for a shared secret.
    const confused = judge({ keys: [{ publicKey: pem(ec.publicKey), algorithms: ["ES256"] }] });
    expect(await failures(confused, compat({}, {}, { key: pem(ec.publicKey) }))).toEqual(["alg"]);
    expect(await failures(judge(), forge({ header: { ...JWT, crit: ["exp"] }, claims: {} }))).toEqual(["crit"]);
  });

  it("is explained check by check", async () => {
    const verdicts = await judge().explain(compat({ publish: ["a"] }, { exp: undefined }), "publish");
    expect(verdicts.map(({ check, ok }) => [check, ok])).toEqual(
      ["size", "form", "typ", "crit", "iss", "alg", "action", "aud", "exp", "nbf", "identity", "signature", "mercure"].map((check) => [
        check,
        true,
      ]),
    );
    expect(verdicts.map(({ detail }) => detail)).toEqual(
      expect.arrayContaining([
        'The header\'s typ is "JWT": a token of Mercure 0.x.',
        "There is no exp, so the token never expires.",
        'publish: uritemplate "a"; subscribe: nothing.',
      ]),
    );
  });
});
