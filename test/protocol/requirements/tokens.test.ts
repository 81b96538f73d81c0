import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createHub } from "artesian";
import { describe, expect, test } from "vitest";
import { listen } from "../../support/server.ts";
import { bearer, claimsNow, ec, ed, encode, forge, HUB, ISSUER, otherEc, pem, rsa, SECRET, startSecured, token } from "./support.ts";

const statusOf = async (url: string, value: string): Promise<number> =>
  (await fetch(`${url}?match=a`, { method: "HEAD", headers: bearer(value) })).status;
const now = (): number => Math.floor(Date.now() / 1000);

describe("Token Validation", () => {
  test("VAL-01: the type must be at+jwt, with or without its prefix, in any case", async () => {
    const { url } = await startSecured();
    for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"]) {
      expect(await statusOf(url, forge({ header: { typ }, claims: claimsNow() }))).toBe(200);
    }
    for (const typ of ["JWT", "jwt", "id+jwt", "text/at+jwt", "at+jwt ", "", 1, null, ["at+jwt"]]) {
      expect(await statusOf(url, forge({ header: { typ }, claims: claimsNow() }))).toBe(401);
    }
    expect(await statusOf(url, forge({ header: JSON.stringify({ alg: "HS256" }), claims: claimsNow() }))).toBe(401);
  });

  test("VAL-02: an algorithm that is not on the list is refused", async () => {
    const { url } = await startSecured({ issuers: [{ issuer: ISSUER, keys: [{ publicKey: pem(rsa.publicKey), algorithms: ["RS256"] }] }] });
    expect(await statusOf(url, forge({ key: rsa.privateKey, claims: claimsNow() }))).toBe(200);
    for (const alg of ["RS512", "PS256", "HS256", "ES256", "rs256", "", null]) {
      expect(await statusOf(url, forge({ key: rsa.privateKey, header: { alg }, claims: claimsNow() }))).toBe(401);
    }
  });

  test("VAL-03: the algorithm none is refused, and cannot be put on the list", async () => {
    const { url } = await startSecured();
    for (const alg of ["none", "None", "NONE"]) {
      const [header, claims, signature] = forge({ header: { alg }, claims: claimsNow() }).split(".");
      for (const value of [`${header}.${claims}.`, `${header}.${claims}.${signature}`]) expect(await statusOf(url, value)).toBe(401);
    }
    await expect(startSecured({ issuers: [{ issuer: ISSUER, keys: [{ secret: SECRET, algorithms: ["none"] }] }] })).rejects.toThrow(
      TypeError,
    );
  });

  test("VAL-04: an algorithm is only used with a key of its kind", async () => {
    const publicKey = pem(rsa.publicKey);
    const { url } = await startSecured({
      issuers: [
        {
          issuer: ISSUER,
          keys: [
            { publicKey, algorithms: ["RS256"] },
            { secret: SECRET, algorithms: ["HS256"] },
          ],
        },
      ],
    });
    for (const secret of [publicKey, publicKey.trimEnd(), rsa.publicKey.export({ format: "pem", type: "pkcs1" }) as string]) {
      expect(await statusOf(url, forge({ key: secret, claims: claimsNow() }))).toBe(401);
    }
    for (const key of [
      { publicKey, algorithms: ["HS256"] },
      { secret: SECRET, algorithms: ["RS256"] },
      { publicKey, algorithms: ["ES256"] },
    ]) {
      expect(() => createHub({ authorization: { issuers: [{ issuer: ISSUER, keys: [key] }] } })).toThrow(TypeError);
    }
  });

  test("VAL-05: EdDSA, ES256 and RS256 can be used", async () => {
    for (const [pair, algorithm] of [
      [ed, "EdDSA"],
      [ec, "ES256"],
      [rsa, "RS256"],
    ] as const) {
      const { url } = await startSecured({
        issuers: [{ issuer: ISSUER, keys: [{ publicKey: pem(pair.publicKey), algorithms: [algorithm] }] }],
      });
      expect(await statusOf(url, forge({ key: pair.privateKey, claims: claimsNow() }))).toBe(200);
    }
  });

  test("VAL-06: key material in the token is not used, and nothing it names is fetched", async () => {
    let asked = 0;
    const keys = { keys: [{ ...otherEc.publicKey.export({ format: "jwk" }), kid: "mine" }] };
    const origin = await listen(createServer((_, res) => void (asked++, res.end(JSON.stringify(keys)))));
    const { url } = await startSecured({ issuers: [{ issuer: ISSUER, keys: [{ publicKey: pem(ec.publicKey), algorithms: ["ES256"] }] }] });
    const attempts = [
      { jwk: otherEc.publicKey.export({ format: "jwk" }) },
      { jku: `${origin}/jwks`, kid: "mine" },
      { x5u: `${origin}/x5u` },
      { x5c: [otherEc.publicKey.export({ format: "der", type: "spki" }).toString("base64")] },
      { kid: `${origin}/kid` },
    ];
    for (const header of attempts) expect(await statusOf(url, forge({ key: otherEc.privateKey, header, claims: claimsNow() }))).toBe(401);
    expect(await statusOf(url, forge({ key: otherEc.privateKey, claims: claimsNow({ iss: origin }) }))).toBe(401);
    expect(asked).toBe(0);
  });

  test("VAL-07: kid only chooses among trusted keys", async () => {
    const { url } = await startSecured({
      issuers: [
        {
          issuer: ISSUER,
          keys: [
            { publicKey: pem(ec.publicKey), algorithms: ["ES256"], keyId: "old" },
            { publicKey: pem(otherEc.publicKey), algorithms: ["ES256"], keyId: "new" },
          ],
        },
      ],
    });
    const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    for (const kid of ["old", "new", "../../etc/passwd", "unknown", 1]) {
      for (const key of [ec.privateKey, otherEc.privateKey])
        expect(await statusOf(url, forge({ key, header: { kid }, claims: claimsNow() }))).toBe(200);
      expect(await statusOf(url, forge({ key: stranger, header: { kid }, claims: claimsNow() }))).toBe(401);
    }
  });

  test("VAL-08: a token is verified with the keys of its own issuer alone", async () => {
    const other = "https://other-issuer.example";
    const { url } = await startSecured({
      issuers: [
        { issuer: ISSUER, keys: [{ publicKey: pem(ec.publicKey), algorithms: ["ES256"], keyId: "1" }] },
        { issuer: other, keys: [{ publicKey: pem(otherEc.publicKey), algorithms: ["ES256"], keyId: "1" }] },
      ],
    });
    const sign = (key: typeof ec, iss: string): string => forge({ key: key.privateKey, header: { kid: "1" }, claims: claimsNow({ iss }) });
    expect([await statusOf(url, sign(ec, ISSUER)), await statusOf(url, sign(otherEc, other))]).toEqual([200, 200]);
    expect([await statusOf(url, sign(ec, other)), await statusOf(url, sign(otherEc, ISSUER))]).toEqual([401, 401]);
  });

  test("VAL-09: an expired token is refused, at its first use too", async () => {
    const { url } = await startSecured({ leewayMs: 0 });
    for (const exp of [now() - 1, 0, -1]) expect(await statusOf(url, token({ exp }))).toBe(401);
    const short = token({ exp: now() + 2 });
    expect(await statusOf(url, short)).toBe(200);
    await expect.poll(() => statusOf(url, short)).toBe(401);
  });

  test("VAL-10: a token without an end is refused", async () => {
    const { url } = await startSecured();
    for (const exp of [undefined, null, "never", String(now() + 60), {}, 1e300]) expect(await statusOf(url, token({ exp }))).toBe(401);
  });

  test("VAL-11: a token is refused before its time", async () => {
    const { url } = await startSecured();
    expect(await statusOf(url, token({ nbf: now() - 5 }))).toBe(200);
    for (const nbf of [now() + 60, "soon", null]) expect(await statusOf(url, token({ nbf }))).toBe(401);
  });

  test("VAL-12: the audience is, or has among its members, the hub's resource identifier", async () => {
    const { url } = await startSecured();
    for (const aud of [HUB, [HUB], ["https://other.example", HUB]]) expect(await statusOf(url, token({ aud }))).toBe(200);
    for (const aud of [
      undefined,
      [],
      "https://hub.example",
      `${HUB}/`,
      HUB.toUpperCase(),
      ["https://other.example"],
      { 0: HUB },
      [[HUB]],
      1,
    ]) {
      expect(await statusOf(url, token({ aud }))).toBe(401);
    }
  });

  test("VAL-13: the issuer is there, and is a trusted one exactly", async () => {
    const { url } = await startSecured();
    for (const iss of [undefined, null, "", `${ISSUER}/`, ISSUER.toUpperCase(), "https://evil.example", [ISSUER], "__proto__"]) {
      expect(await statusOf(url, token({ iss }))).toBe(401);
    }
  });

  test("VAL-14: the resource identifier is the hub's URL unless another is configured", async () => {
    const keys = [{ secret: SECRET, algorithms: ["HS256"] }];
    const { url } = await startSecured({
      authorization: { issuers: [{ issuer: ISSUER, keys }], resourceIdentifier: "urn:hub:1" },
    });
    expect([await statusOf(url, token({ aud: "urn:hub:1" })), await statusOf(url, token())]).toEqual([200, 401]);
  });

  test("VAL-15: what is unsigned, changed, or asks for unknown extensions is refused", async () => {
    const { url } = await startSecured();
    const [header = "", claims = "", signature = ""] = token().split(".");
    for (const value of [
      `${header}.${encode(claimsNow({ sub: "root" }))}.${signature}`,
      `${header}.${claims}.`,
      `${header}.${claims}.${signature.slice(0, -4)}`,
      forge({ header: { crit: ["b64"], b64: false }, claims: claimsNow() }),
      forge({ key: "the wrong secret, also thirty-two bytes", claims: claimsNow() }),
    ]) {
      expect(await statusOf(url, value)).toBe(401);
    }
  });

  test("VAL-16: a key set is fetched over https, or from the loopback", () => {
    for (const jwksUrl of ["http://10.0.0.1/jwks", "http://as.example/jwks", "file:///etc/passwd", "ftp://as.example/jwks"]) {
      expect(() => createHub({ authorization: { issuers: [{ issuer: ISSUER, keys: [{ jwksUrl, algorithms: ["ES256"] }] }] } })).toThrow(
        TypeError,
      );
    }
  });
});
