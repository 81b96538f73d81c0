import { createServer } from "node:http";
import type { Hub, Logger } from "artesian";
import { describe, expect, test } from "vitest";
import { send, startServer } from "../cli/command.ts";
import {
  bearer,
  claimsNow,
  ec,
  FORM,
  forge,
  HUB,
  ISSUER,
  otherEc,
  PATH,
  pem,
  post,
  publisher,
  raw,
  rsa,
  SECRET,
  startSecured,
  subscriber,
  token,
} from "../protocol/requirements/support.ts";
import { listen } from "../support/server.ts";
import { openStream } from "../support/stream.ts";
import { LATE_MS } from "../support/clock.ts";

const COOKIE = "__Secure-mercure_access_token";
const now = (): number => Math.floor(Date.now() / 1000);

describe("tokens", () => {
  test("JWT: `alg` none, RS→HS confusion, `kid` traversal, `jwk`/`jku` headers, wrong aud/typ/iss, exp/nbf, two issuers with one kid", async () => {
    let fetched = 0;
    const evil = await listen(
      createServer((_, res) => void (fetched++, res.end(JSON.stringify({ keys: [otherEc.publicKey.export({ format: "jwk" })] })))),
    );
    const { url } = await startSecured({
      issuers: [
        {
          issuer: ISSUER,
          keys: [
            { secret: SECRET, algorithms: ["HS256"], keyId: "1" },
            { publicKey: pem(rsa.publicKey), algorithms: ["RS256"], keyId: "1" },
          ],
        },
        { issuer: "https://other.example", keys: [{ publicKey: pem(ec.publicKey), algorithms: ["ES256"], keyId: "1" }] },
      ],
    });
    const claims = claimsNow();
    const [header, body] = forge({ header: { alg: "none" }, claims }).split(".");
    const attacks: Record<string, string> = {
      none: `${header}.${body}.`,
      "RS to HS": forge({ key: pem(rsa.publicKey), claims }),
      "RS to HS, with the key's DER": forge({ key: rsa.publicKey.export({ format: "der", type: "spki" }).toString("latin1"), claims }),
      "kid traversal": forge({ key: "", header: { kid: "../../../../../../dev/null" }, claims }),
      "kid injection": forge({ key: "a", header: { kid: "x' UNION SELECT 'a" }, claims }),
      jwk: forge({ key: otherEc.privateKey, header: { jwk: otherEc.publicKey.export({ format: "jwk" }), kid: "1" }, claims }),
      jku: forge({ key: otherEc.privateKey, header: { jku: evil, kid: "1" }, claims }),
      x5u: forge({ key: otherEc.privateKey, header: { x5u: evil }, claims }),
      "iss that is a URL of the attacker's": forge({ key: otherEc.privateKey, claims: claimsNow({ iss: evil }) }),
      aud: token({ aud: `${HUB}.evil.example` }),
      typ: forge({ header: { typ: "JWT" }, claims }),
      iss: token({ iss: `${ISSUER}.evil.example` }),
      exp: token({ exp: now() - 5 }),
      "no exp": token({ exp: undefined }),
      nbf: token({ nbf: now() + 60 }),
      "one issuer's key under another's name": forge({ key: ec.privateKey, header: { kid: "1" }, claims }),
      "the other way round": forge({ header: { kid: "1" }, claims: claimsNow({ iss: "https://other.example" }) }),
    };
    const answers = new Set<string>();
    for (const [name, value] of Object.entries(attacks)) {
      for (const answer of [await fetch(`${url}?match=a`, { headers: bearer(value) }), await post(url, { topic: "a" }, bearer(value))]) {
        expect(answer.status, name).toBe(401);
        expect(answer.headers.get("www-authenticate"), name).toContain('error="invalid_token"');
        answers.add(await answer.text());
      }
    }
    // All alike: nothing tells which check it was.
    expect(answers.size).toBe(1);
    expect(fetched).toBe(0);
    expect((await post(url, { topic: "a" }, bearer(token()))).status).toBe(200);
  });

  test("token expires or is revoked mid-stream", async () => {
    const { hub, url } = await startSecured();
    const exp = now() + 3;
    const expiring = await openStream(`${url}?match=a`, { headers: bearer(token({ exp })) });
    const endedAt = expiring.ended.then(() => Date.now());
    const byId = await openStream(`${url}?match=a`, { headers: bearer(token({ jti: "stolen" })) });
    const bySubject = await openStream(`${url}?match=a`, { headers: bearer(token({ sub: "leaver" })) });
    const other = await openStream(`${url}?match=a`, { headers: bearer(token()) });
    const revoke = (form: Record<string, string>, value: string): Promise<Response> => post(`${url}/revocations`, form, bearer(value));
    expect((await revoke({ jti: "stolen" }, publisher("*"))).status).toBe(403);
    const admin = publisher(`${PATH}/admin`);
    for (const [form, stream] of [
      [{ jti: "stolen" }, byId],
      [{ sub: "leaver" }, bySubject],
    ] as const) {
      const revokedAt = performance.now();
      expect((await revoke(form, admin)).status).toBe(204);
      await stream.ended;
      expect(performance.now() - revokedAt).toBeLessThan(1000 + LATE_MS);
    }
    for (const value of [token({ jti: "stolen" }), token({ sub: "leaver", iat: now() - 5 }), token({ sub: "leaver", iat: undefined })]) {
      expect((await fetch(`${url}?match=a`, { headers: bearer(value) })).status).toBe(401);
      expect((await post(url, { topic: "a" }, bearer(value))).status).toBe(401);
    }
    expect(await endedAt).toBeLessThanOrEqual(exp * 1000 + LATE_MS);
    await hub.publish({ topic: "a", data: "still" });
    expect((await other.next()).data).toBe("still");
  });

  test("token in a URL or in logs", async () => {
    const lines: string[] = [];
    const write = (value: object, message: string): void =>
      void lines.push(
        message,
        JSON.stringify(value, (_, part: unknown) => (part instanceof Error ? `${part.stack} ${String(part.cause)}` : part)),
      );
    const logger: Logger = { debug: write, info: write, warn: write, error: write };
    const { url } = await startSecured({ logger });
    const good = token();
    const refused = token({ aud: "https://elsewhere.example" });
    for (const name of ["access_token", "authorization", "token"]) {
      expect((await fetch(`${url}?match=a&${name}=${good}`)).status).toBe(401);
      expect((await post(`${url}?${name}=${good}`, { topic: "a", [name]: good })).status).toBe(401);
    }
    for (const value of [good, refused, `${good}x`]) await fetch(`${url}?match=a`, { method: "HEAD", headers: bearer(value) });
    await fetch(`${url}?match=a`, { headers: { Cookie: `${COOKIE}=${refused}` } });
    expect(lines.length).toBeGreaterThan(0);
    const { run, url: origin } = await startServer(
      ["--journal", "memory", "--log-level", "trace", "--issuer", ISSUER, "--jwt-key", SECRET, "--resource-identifier", HUB],
      { tokens: true },
    );
    for (const value of [good, refused]) {
      await send(`${origin}/events/stream?access_token=${value}`, { method: "HEAD", headers: bearer(value) });
      await send(`${origin}/nowhere?access_token=${value}`, { headers: { cookie: `${COOKIE}=${value}` } });
    }
    await run.waitFor("stderr", /An access token is refused/);
    for (const text of [lines.join("\n"), run.stderr, run.stdout]) {
      for (const value of [good, refused]) for (const part of value.split(".")) expect(text).not.toContain(part);
      expect(text).not.toContain(SECRET);
    }
  });
});

describe("pages of other origins", () => {
  test("credentialed CORS: reflection, `null`, suffix match", async () => {
    const { url } = await startSecured({ corsOrigins: ["https://app.example"], subscriptions: true });
    const foreign = [
      "https://evil.example",
      "null",
      "https://app.example.evil.example",
      "https://evilapp.example",
      "https://sub.app.example",
      "http://app.example",
      "https://app.example:444",
      "https://APP.example.",
      "https://app.example/",
      "*",
    ];
    const cookie = `${COOKIE}=${token()}`;
    for (const path of ["", "/subscriptions"]) {
      for (const method of ["HEAD", "OPTIONS"]) {
        const ask = (origin: string): Promise<Response> =>
          fetch(`${url}${path}?match=a`, { method, headers: { Cookie: cookie, Origin: origin, "Access-Control-Request-Method": "POST" } });
        const listed = await ask("https://app.example");
        expect(listed.headers.get("access-control-allow-origin")).toBe("https://app.example");
        for (const origin of foreign) {
          const { headers } = await ask(origin);
          expect(headers.get("access-control-allow-origin"), origin).toBeNull();
          expect(headers.get("access-control-allow-credentials"), origin).toBeNull();
          expect(headers.get("vary"), origin).toContain("Origin");
        }
      }
    }
  });

  test("DNS rebinding on a loopback bind", async () => {
    const { url } = await startServer(["--journal", "memory"]);
    const { port } = new URL(url);
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "127.0.0.2",
      "0.0.0.0",
      "[::]",
      "x@localhost",
    ]) {
      for (const path of ["/", "/events/stream?match=a", "/console", "/health/"]) {
        const { status } = await send(url + path, { headers: { host } });
        expect(status, host).toBe(421);
      }
      const published = await send(`${url}/events/stream`, { method: "POST", headers: { host, "content-type": FORM } }, "topic=a");
      expect(published.status, host).toBe(421);
    }
    expect((await send(`${url}/health`, { headers: { host: `localhost:${port}` } })).status).toBe(200);
  });

  test("cookie CSRF on publish", async () => {
    const { hub, origin, url } = await startSecured({ publishOrigins: ["https://app.example"], corsOrigins: ["https://reader.example"] });
    const cookie = { Cookie: `${COOKIE}=${token()}` };
    const statusOf = async (headers: Record<string, string>, path = ""): Promise<number> =>
      (await post(url + path, { topic: "a" }, { ...cookie, ...headers })).status;
    const own = new URL(HUB).origin;
    for (const source of [
      "https://evil.example",
      "https://app.example.evil.example",
      "http://app.example",
      "https://reader.example",
      own.replace("https", "http"),
      `${own}:8443`,
    ]) {
      expect(await statusOf({ Origin: source }), source).toBe(403);
      expect(await statusOf({ Referer: `${source}/page` }), source).toBe(403);
      expect(await statusOf({ Origin: source, Referer: "https://app.example/" }), source).toBe(403);
    }
    for (const headers of [{}, { Origin: "null" }, { Origin: "" }, { Referer: "not a URL" }, { Referer: "" }])
      expect(await statusOf(headers)).toBe(403);
    // A simple request of a form, which needs no preflight.
    expect(await statusOf({ Origin: "https://evil.example", "Content-Type": "text/plain" })).toBe(403);
    expect(hub.stats().tail).toBe(0);
    for (const source of [own, origin, "https://app.example"]) expect(await statusOf({ Origin: source })).toBe(200);
    expect(await statusOf({ Referer: "https://app.example/page?x" })).toBe(200);
    expect((await post(url, { topic: "a" }, { ...bearer(token()), Origin: "https://evil.example" })).status).toBe(200);
  });
});

describe("what is not for everyone", () => {
  test("private updates through replay, presence, cursors, metrics, console", async () => {
    const { hub, origin, url } = await startSecured({ anonymous: true, subscriptions: true, heartbeatMs: 100 });
    const low = subscriber("mine");
    await openStream(`${url}?match=hidden-topic`, { headers: bearer(token({ sub: "hidden-subject" })) });
    await hub.publish({ topic: "mine", data: "first", id: "open-id" });
    const seen: string[] = [];
    const paths = [
      "match=*",
      "match=*&last_event_id=earliest",
      "match=*&last_event_id=open-id",
      "match_urlpattern=*",
      "match=*&last_event_id=hidden-id",
    ];
    const collecting = [undefined, low].flatMap((value) =>
      paths.map(async (query) => {
        const authorization = value === undefined ? "" : `Authorization: Bearer ${value}\r\n`;
        seen.push(
          (await raw(origin, `GET ${PATH}?${query} HTTP/1.1\r\nHost: x\r\n${authorization}\r\n`, "data: END\n\n")).replaceAll(
            '"requested":"hidden-id"',
            "",
          ),
        );
      }),
    );
    await expect.poll(() => hub.stats().subscribers).toBe(1 + collecting.length);
    await hub.publish({ topic: "hidden-topic", data: "hidden-data", id: "hidden-id", type: "hidden-type", private: true });
    await hub.publish({ topic: ["hidden-topic", "x"], data: "hidden-data", private: true });
    await expectHeartbeats(hub, url);
    await hub.publish({ topic: "mine", data: "END" });
    await Promise.all(collecting);
    const api = `${PATH}/subscriptions`;
    for (const path of [api, `${api}/exact/hidden-topic`, `${api}/exact/hidden-topic/x`]) {
      const answer = await fetch(origin + path, { headers: bearer(low) });
      expect(answer.status).toBe(403);
      seen.push(JSON.stringify([...answer.headers]), await answer.text());
      expect((await fetch(origin + path)).status).toBe(401);
    }
    // A grant on one part of presence shows that part, and the cursor beside it names no update.
    const part = await fetch(`${origin}${api}/exact/other`, { headers: bearer(subscriber(`${api}/exact/other`)) });
    expect(await part.json()).toMatchObject({ subscriptions: [] });
    seen.push(JSON.stringify([...part.headers]), JSON.stringify(hub.stats()));
    for (const text of seen) expect(text).not.toContain("hidden");
  });

  test("log injection, HTML in the pages", async () => {
    const { run, url } = await startServer(
      ["--journal", "memory", "--log-level", "trace", "--issuer", ISSUER, "--jwt-key", SECRET, "--public-url", "https://hub.example"],
      {
        tokens: true,
      },
    );
    const { port } = new URL(url);
    const local = `http://127.0.0.1:${port}`;
    const evil = '\\n{"level":60,"msg":"forged"}<script>alert(1)</script>';
    const forged = forge({
      header: { kid: 'x\n{"level":60,"msg":"forged"}\u001B[2J' },
      claims: claimsNow({ iss: 'x\n{"level":60,"msg":"forged"}' }),
    });
    for (const path of ["/", "/events/stream", `/${encodeURIComponent(evil)}`, "/<script>alert(1)</script>?<script>"]) {
      for (const headers of [
        { "user-agent": evil, referer: evil },
        { authorization: `Bearer ${forged}` },
        { host: `localhost:${port}`, "x-forwarded-host": evil },
      ]) {
        const answer = await send(local + path, { headers });
        expect(answer.body).not.toContain("<script>alert");
        if (String(answer.headers["content-type"]).startsWith("text/html")) {
          expect(answer.headers["content-security-policy"]).toMatch(/default-src 'none'(?!.*unsafe)/);
          expect(answer.headers["x-content-type-options"]).toBe("nosniff");
        }
      }
    }
    await run.waitFor("stderr", /An access token is refused/);
    run.child.kill("SIGTERM");
    await run.exit;
    const lines = run.stderr.trimEnd().split("\n");
    for (const line of lines) {
      expect((JSON.parse(line) as { msg: string }).msg).not.toBe("forged");
      expect(line).not.toContain("\u001B");
    }
  });
});

/** Waits until a stream has had a few heartbeats. */
async function expectHeartbeats(hub: Hub, url: string): Promise<void> {
  expect(hub.stats().subscribers).toBeGreaterThan(0);
  const stream = await openStream(`${url}?match=quiet`);
  await expect.poll(() => stream.comments.length).toBeGreaterThan(3);
  stream.close();
}
