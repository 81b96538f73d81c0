import { mintToken } from "artesian/http";
import { describe, expect, test } from "vitest";
import { openStream } from "../../support/stream.ts";
import {
  bearer,
  claimsNow,
  dataUntilEnd,
  ec,
  encode,
  follow,
  forge,
  HUB,
  ISSUER,
  METADATA,
  post,
  publisher,
  refusalOf,
  SECRET,
  startSecured,
  subscriber,
  token,
  tokenWith,
  grant,
} from "./support.ts";

const COOKIE = "__Secure-mercure_access_token";
const head = (url: string, headers: Record<string, string> = {}): Promise<Response> => fetch(`${url}?match=a`, { method: "HEAD", headers });
const get = (url: string, headers: Record<string, string> = {}): Promise<Response> => fetch(`${url}?match=a`, { headers });

describe("Authorization", () => {
  test("AUTH-01: publishing needs a token", async () => {
    const { url } = await startSecured();
    expect(await refusalOf(await post(url, { topic: "a" }))).toEqual([401, "unauthorized"]);
    expect((await post(url, { topic: "a" }, bearer(publisher("a")))).status).toBe(200);
  });

  test("AUTH-02: private updates need a token", async () => {
    const { hub, url } = await startSecured({ anonymous: true });
    const [without, withToken] = [await follow(url, "match=a"), await follow(url, "match=a", { headers: bearer(subscriber("a")) })];
    await hub.publish({ topic: "a", data: "secret", private: true });
    await hub.publish({ topic: "END", data: "END" });
    expect([await dataUntilEnd(without), await dataUntilEnd(withToken)]).toEqual([[], ["secret"]]);
  });

  test("AUTH-03: subscribers without a token may be let in, and get public updates only", async () => {
    const { hub, url } = await startSecured({ anonymous: true });
    const stream = await follow(url, "match=*");
    await hub.publish({ topic: "a", data: "secret", private: true });
    await hub.publish({ topic: "a", data: "public" });
    await hub.publish({ topic: "END", data: "END" });
    expect(await dataUntilEnd(stream)).toEqual(["public"]);
  });

  test("AUTH-04: subscribers may be made to have a token, by default", async () => {
    const { url } = await startSecured();
    expect(await refusalOf(await get(url))).toEqual([401, "unauthorized"]);
    expect((await head(url, bearer(subscriber("a")))).status).toBe(200);
  });

  test("AUTH-05: only a signed JWT in compact form is a token", async () => {
    const { url } = await startSecured();
    const [header = "", payload = "", signature = ""] = token().split(".");
    const others = [`${header}.${payload}`, `${header}.${payload}.${signature}.`, `${header}..${signature}`, `${header}.${payload}.a.b.c`];
    for (const other of others) expect(await refusalOf(await get(url, bearer(other)))).toEqual([401, "invalid_token"]);
    const general = encode({ payload, signatures: [{ protected: header, signature }] });
    expect((await head(url, bearer(general))).status).toBe(401);
  });

  test("AUTH-06: the tokens that the package makes have every claim that RFC 9068 asks for", async () => {
    const minted = await mintToken({
      key: { secret: SECRET, algorithm: "HS256" },
      issuer: ISSUER,
      audience: HUB,
      subject: "someone",
      lifetimeSeconds: 60,
    });
    const [header, claims] = minted.split(".", 2).map((part) => JSON.parse(Buffer.from(part, "base64url").toString()) as unknown);
    expect(header).toMatchObject({ typ: "at+jwt" });
    expect(claims).toMatchObject({
      iss: ISSUER,
      aud: HUB,
      sub: "someone",
      client_id: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.any(String),
    });
  });

  test("AUTH-07: tokens may be of an authorization server with a key set, or of publishers with a shared key", async () => {
    const jwk = { ...ec.publicKey.export({ format: "jwk" }), kid: "k" };
    const { url } = await startSecured({
      issuers: [
        { issuer: "https://as.example", keys: [{ jwks: { keys: [jwk] }, algorithms: ["ES256"] }] },
        { issuer: ISSUER, keys: [{ secret: SECRET, algorithms: ["HS256"] }] },
      ],
    });
    const served = forge({ key: ec.privateKey, header: { kid: "k" }, claims: claimsNow({ iss: "https://as.example" }) });
    for (const value of [served, token()]) expect((await head(url, bearer(value))).status).toBe(200);
  });

  test("AUTH-08: publishers' and subscribers' tokens may be of different keys, and one is no use for the other", async () => {
    const other = "another secret, of thirty-two bytes too";
    const { url } = await startSecured({
      issuers: [
        {
          issuer: ISSUER,
          keys: [
            { secret: SECRET, algorithms: ["HS256"], actions: ["publish"] },
            { secret: other, algorithms: ["HS256"], actions: ["subscribe"] },
          ],
        },
      ],
    });
    const [publishing, subscribing] = [token(), forge({ claims: claimsNow(), key: other })];
    expect((await post(url, { topic: "a" }, bearer(publishing))).status).toBe(200);
    expect((await head(url, bearer(subscribing))).status).toBe(200);
    expect((await post(url, { topic: "a" }, bearer(subscribing))).status).toBe(401);
    expect((await head(url, bearer(publishing))).status).toBe(401);
  });

  test("AUTH-09: publishing may be open to all, when told so", async () => {
    const { url } = await startSecured({ anonymousPublish: true });
    expect((await post(url, { topic: "a" })).status).toBe(200);
  });
});

describe("Presenting the Access Token", () => {
  test("PRE-01: the Authorization field carries it, the scheme in any case", async () => {
    const { url } = await startSecured();
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      expect((await head(url, { Authorization: `${scheme} ${token()}` })).status).toBe(200);
    }
    for (const field of [`Basic ${token()}`, token(), "Bearer", `Bearer${token()}`, `Bearer ${token()} x`]) {
      expect((await head(url, { Authorization: field })).status).toBe(400);
    }
  });

  test("PRE-02: without that field the cookie carries it", async () => {
    const { url } = await startSecured();
    expect((await head(url, { Cookie: `a=b; ${COOKIE}=${token()}; c=d` })).status).toBe(200);
    expect((await head(url, { Cookie: `${COOKIE}=nonsense` })).status).toBe(401);
  });

  test("PRE-03: beside that field a cookie is not looked at", async () => {
    const { url } = await startSecured();
    expect((await head(url, { ...bearer(token()), Cookie: `${COOKIE}=nonsense; ${COOKIE}=more` })).status).toBe(200);
    expect((await head(url, { ...bearer("nonsense"), Cookie: `${COOKIE}=${token()}` })).status).toBe(401);
  });

  test("PRE-04: a token in the URL or in a form is no token", async () => {
    const { url } = await startSecured();
    for (const name of ["access_token", "authorization", "jwt", "token"]) {
      expect((await fetch(`${url}?match=a&${name}=${token()}`)).status).toBe(401);
    }
    expect((await post(`${url}?access_token=${token()}`, { topic: "a", access_token: token() })).status).toBe(401);
  });

  test("PRE-05: the cookie is told of in the metadata, and may have another name", async () => {
    const { origin, url } = await startSecured({
      authorization: { issuers: [{ issuer: ISSUER, keys: [{ secret: SECRET, algorithms: ["HS256"] }] }], cookieName: "__Secure-hub2" },
    });
    const metadata = await (await fetch(`${origin}/.well-known/oauth-protected-resource/.well-known/mercure`)).json();
    expect(metadata).toMatchObject({ mercure_cookie: "__Secure-hub2" });
    expect((await head(url, { Cookie: `__Secure-hub2=${token()}` })).status).toBe(200);
    expect((await head(url, { Cookie: `${COOKIE}=${token()}` })).status).toBe(401);
  });

  test("PRE-06: a publish with the cookie comes from a known origin, told by Origin or Referer", async () => {
    const { origin, url } = await startSecured({ publishOrigins: ["https://app.example"] });
    const publish = async (headers: Record<string, string>): Promise<number> =>
      (await post(url, { topic: "a" }, { Cookie: `${COOKIE}=${token()}`, ...headers })).status;
    expect(await publish({})).toBe(403);
    for (const foreign of ["https://evil.example", "null", "https://app.example.evil.example"])
      expect(await publish({ Origin: foreign })).toBe(403);
    expect(await publish({ Referer: "https://evil.example/https://app.example/" })).toBe(403);
    expect(await publish({ Origin: "https://app.example" })).toBe(200);
    expect(await publish({ Referer: "https://app.example/page" })).toBe(200);
    expect(await publish({ Origin: origin })).toBe(200);
  });
});

describe("Error Responses", () => {
  test("ERR-01: without a token where one is needed the answer is 401 and a challenge without an error", async () => {
    const { url } = await startSecured();
    for (const answer of [await get(url), await post(url, { topic: "a" })]) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer\b/);
      expect(answer.headers.get("www-authenticate")).not.toContain("error");
    }
  });

  test("ERR-02: every challenge names the metadata", async () => {
    const { url } = await startSecured();
    const answers = [
      await get(url),
      await get(url, bearer("nonsense")),
      await get(url, { Authorization: "Bearer" }),
      await post(url, { topic: "a" }, bearer(subscriber("a"))),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 400, 403]);
    for (const answer of answers) expect(answer.headers.get("www-authenticate")).toContain(`resource_metadata="${METADATA}"`);
  });

  test("ERR-03: a token that fails a check gets 401 invalid_token", async () => {
    const { url } = await startSecured();
    const answer = await get(url, bearer(token({ aud: "https://other.example" })));
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
  });

  test("ERR-04: a token with details that are faulty or too many gets 401 invalid_token", async () => {
    const { url } = await startSecured();
    const many = Array.from({ length: 101 }, (_, i) => String(i));
    for (const value of [
      tokenWith(grant(["subscribe"], [])),
      tokenWith(grant(["subscribe"], many)),
      token({ authorization_details: {} }),
    ]) {
      const answer = await get(url, bearer(value));
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
    }
  });

  test("ERR-05: a good token without the right gets 403 insufficient_scope", async () => {
    const { url } = await startSecured();
    const answer = await post(url, { topic: "a" }, bearer(subscriber("a")));
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([403, expect.stringContaining('error="insufficient_scope"')]);
  });

  test("ERR-06: a token that cannot be read gets 400 and a challenge with invalid_request", async () => {
    const { url } = await startSecured();
    for (const headers of [{ Authorization: "Bearer" }, { Authorization: "Basic eDp5" }, { Cookie: `${COOKIE}=a b` }]) {
      const answer = await get(url, headers);
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([400, expect.stringContaining('error="invalid_request"')]);
    }
  });

  test("ERR-07: any other malformed request gets 400", async () => {
    const { url } = await startSecured();
    expect((await post(url, "data=x", bearer(token()))).status).toBe(400);
    expect((await fetch(`${url}?matchy=a`, { headers: bearer(token()) })).status).toBe(400);
    await openStream(`${url}?match=a`, { headers: bearer(token()) });
  });

  test("ERR-08: refusals are told as problem details", async () => {
    const { url } = await startSecured();
    const answer = await post(url, { topic: "*" }, bearer(token()));
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toMatchObject({ type: "about:blank", status: 400, title: expect.any(String), detail: expect.any(String) });
  });
});
