import { decodeJwt, decodeProtectedHeader } from "jose";
import { describe, expect, it } from "vitest";
import { type MintOptions, mintToken } from "../../../packages/hub/src/http/auth/index.ts";
import { authorizer, ec, ed, HUB, ISSUER, pem, rsa, SECRET } from "./support.ts";

const OPTIONS: MintOptions = {
  key: { secret: SECRET, algorithm: "HS256" },
  issuer: ISSUER,
  audience: HUB,
  subject: "alice",
  lifetimeSeconds: 60,
};

describe("a minted token", () => {
  it("has all claims that RFC 9068 requires", async () => {
    const before = Math.floor(Date.now() / 1000);
    const token = await mintToken({ ...OPTIONS, key: { ...OPTIONS.key, keyId: "k1" }, publish: [{ type: "exact", pattern: "a" }] });
    expect(decodeProtectedHeader(token)).toEqual({ alg: "HS256", typ: "at+jwt", kid: "k1" });
    const claims = decodeJwt(token);
    expect(claims).toEqual({
      iss: ISSUER,
      aud: HUB,
      sub: "alice",
      client_id: ISSUER,
      iat: expect.any(Number),
      exp: (claims.iat ?? 0) + 60,
      jti: expect.stringMatching(/^urn:uuid:[\da-f-]{36}$/),
      authorization_details: [{ type: "https://mercure.rocks/authorization-detail", actions: ["publish"], topics: [{ match: "a" }] }],
    });
    expect(claims.iat).toBeGreaterThanOrEqual(before);
    expect(decodeJwt(await mintToken(OPTIONS)).jti).not.toBe(claims.jti);
  });

  it.each([
    ["HS256", { secret: SECRET }, { secret: SECRET }],
    ["HS256", { secret: new Uint8Array(32).fill(7) }, { secret: new Uint8Array(32).fill(7) }],
    ["HS512", { secret: "x".repeat(64) }, { secret: "x".repeat(64) }],
    ["ES256", { privateKeyPem: pem(ec.privateKey) }, { publicKey: pem(ec.publicKey) }],
    ["EdDSA", { privateKeyPem: pem(ed.privateKey) }, { publicKey: pem(ed.privateKey) }],
    ["RS256", { privateKeyPem: pem(rsa.privateKey) }, { publicKey: pem(rsa.publicKey) }],
    ["PS384", { privateKeyPem: pem(rsa.privateKey) }, { publicKey: pem(rsa.publicKey) }],
  ])("of %s is accepted, with what it grants", async (algorithm, signing, verifying) => {
    const publish = [{ type: "urlpattern", pattern: "/books/:id" } as const];
    const subscribe = [
      { topics: [{ type: "exact", pattern: "*" } as const], payload: { name: "Alice" } },
      { topics: publish, payload: undefined },
    ];
    const token = await mintToken({ ...OPTIONS, key: { ...signing, algorithm }, clientId: "app", publish, subscribe });
    const judge = authorizer({ keys: [{ ...verifying, algorithms: [algorithm] }], now: Date.now });
    expect(await judge.verify(token, "publish")).toMatchObject({ subject: "alice", publish, subscribe });
  });

  it.each<[string, Partial<MintOptions>]>([
    ["no key", { key: { algorithm: "HS256" } }],
    ["two keys", { key: { secret: SECRET, privateKeyPem: pem(ec.privateKey), algorithm: "HS256" } }],
    ["a short secret", { key: { secret: "x".repeat(31), algorithm: "HS256" } }],
    ["a path as secret", { key: { secret: "/etc/keys/production/issuer-of-tokens.pem", algorithm: "HS256" } }],
    ["alg none", { key: { secret: SECRET, algorithm: "none" } }],
    ["another kind of key", { key: { privateKeyPem: pem(ec.privateKey), algorithm: "RS256" } }],
    ["a public key", { key: { privateKeyPem: pem(ec.publicKey), algorithm: "ES256" } }],
    ["no issuer", { issuer: "" }],
    ["no audience", { audience: "" }],
    ["no subject", { subject: "" }],
    ["no lifetime", { lifetimeSeconds: 0 }],
    ["half a second", { lifetimeSeconds: 1.5 }],
    ["an endless lifetime", { lifetimeSeconds: Number.POSITIVE_INFINITY }],
    ["a grant of nothing", { subscribe: [{ topics: [], payload: undefined }] }],
    ["an empty topic", { publish: [{ type: "exact", pattern: "" }] }],
    ["a URI template", { publish: [{ type: "uritemplate", pattern: "/books/{id}" }] }],
  ])("is not made with %s", async (_name, changes) => {
    await expect(mintToken({ ...OPTIONS, ...changes })).rejects.toThrow(TypeError);
  });
});
