import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runToEnd, send, start, startServer, type RunOptions } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const MEMORY = ["--journal", "memory"];
const ISSUER = "https://backend.example.com";
const HUB = ["--resource-identifier", "https://hub.example.com/.well-known/mercure"];

interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly client_id: string;
  readonly authorization_details: readonly object[];
}

/** Makes a token; the command must print nothing else, but for the audience that it assumes. */
async function minted(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(["token", "mint", ...args], options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^(The token's audience is http\S+, from .*\n)?$/) });
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  return stdout.trimEnd();
}

function part(token: string, index: number): unknown {
  return JSON.parse(Buffer.from(token.split(".")[index] ?? "", "base64url").toString());
}

/** A working directory with a key file. */
async function withKeys(...flags: string[]): Promise<string> {
  const cwd = temporaryDirectory();
  expect((await runToEnd(["keys", "create", ...flags], { cwd })).code).toBe(0);
  return cwd;
}

test("token mint says which audience it assumes, and none that it was told", async () => {
  const cwd = await withKeys();
  const mint = async (...args: string[]): Promise<string> =>
    (await runToEnd(["token", "mint", "--subscribe", "a", ...args], { cwd })).stderr;
  expect(await mint("--port", "4000")).toContain("audience is http://127.0.0.1:4000/.well-known/mercure,");
  expect(await mint("--host", "0.0.0.0")).toContain("audience is http://0.0.0.0:3000/.well-known/mercure,");
  expect(await mint("--public-url", "https://hub.example")).toBe("");
  expect(await mint(...HUB)).toBe("");
});

describe("keys create", () => {
  test.each(["HS256", "ES256", "EdDSA"])("%s: a file that only this user reads, and tokens that the hub takes", async (alg) => {
    const cwd = temporaryDirectory();
    const { code, stdout } = await runToEnd(["keys", "create", "--data", "./my data", "--alg", alg], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain("artesian serve --data './my data'\n");
    const file = join(cwd, "my data", "keys.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { issuer, keys } = JSON.parse(readFileSync(file, "utf8")) as { issuer: string; keys: [{ alg: string; k?: string; d?: string }] };
    expect(keys[0].alg).toBe(alg);
    expect(stdout).toContain(issuer);
    expect(stdout).not.toContain(keys[0].k ?? keys[0].d ?? "");

    const token = await minted(["--data", "my data", "--publish", "a", ...HUB], { cwd });
    expect(part(token, 0)).toMatchObject({ typ: "at+jwt", alg });
    const { url } = await startServer([...MEMORY, "--data", "my data", ...HUB], { cwd, tokens: true });
    const headers = { ...FORM, authorization: `Bearer ${token}` };
    expect((await send(`${url}/.well-known/mercure`, { method: "POST", headers }, "topic=a")).status).toBe(200);
    expect((await send(`${url}/.well-known/mercure`, { method: "POST", headers }, "topic=b")).status).toBe(403);
    expect((await send(`${url}/.well-known/mercure`, { method: "POST", headers: FORM }, "topic=a")).status).toBe(401);
  });

  test("a key that is there is replaced only with --force, and then its tokens end", async () => {
    const cwd = await withKeys();
    const file = join(cwd, "data", "keys.json");
    const before = readFileSync(file, "utf8");
    const token = await minted(["--publish", "a"], { cwd });
    const refused = await runToEnd(["keys", "create"], { cwd });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("--force");
    expect(readFileSync(file, "utf8")).toBe(before);
    chmodSync(file, 0o644);
    expect((await runToEnd(["keys", "create", "--force", "--issuer", ISSUER], { cwd })).code).toBe(0);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ issuer: ISSUER });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await runToEnd(["token", "inspect", token], { cwd })).code).toBe(1);
  });

  test("a key file that others may read is warned of, and one that is damaged is named without its content", async () => {
    const cwd = await withKeys();
    const file = join(cwd, "data", "keys.json");
    chmodSync(file, 0o644);
    const { run } = await startServer(MEMORY, { cwd, tokens: true });
    await run.waitFor("stderr", /"level":40,.*chmod 600/);
    const text = readFileSync(file, "utf8");
    const { keys } = JSON.parse(text) as { keys: [{ k: string }] };
    for (const damaged of [
      text.slice(0, -4),
      text.replace('"k":', '"k":x'),
      text.replace(/"issuer": "[^"]*",/, ""),
      text.replace('"k": "', '"k": "*'),
    ]) {
      writeFileSync(file, damaged);
      const { code, stderr } = await runToEnd(["serve", "--port", "0"], { cwd });
      expect(code).toBe(2);
      expect(stderr).toContain(file);
      expect(stderr).not.toContain(keys[0].k.slice(4, 20));
    }
  });
});

describe("token mint", () => {
  test("makes a complete access token", async () => {
    const cwd = await withKeys("--issuer", ISSUER);
    const grants = [
      "--publish",
      "a",
      "--publish",
      "b",
      "--publish-urlpattern",
      "/p/:id",
      "--subscribe",
      "*",
      "--subscribe-urlpattern",
      "/s/:id",
    ];
    const token = await minted([...grants, "--payload", '{"name":"Ada"}', "--lifetime", "10m", "--subject", "ada", ...HUB], { cwd });
    const claims = part(token, 1) as Claims;
    expect(claims).toMatchObject({ iss: ISSUER, aud: HUB[1], sub: "ada" });
    expect(claims.client_id).not.toBe("");
    expect(claims.jti).not.toBe("");
    expect(claims.exp - claims.iat).toBe(600);
    const type = "https://mercure.rocks/authorization-detail";
    expect(claims.authorization_details).toEqual([
      { type, actions: ["publish"], topics: [{ match: "a" }, { match: "b" }, { match: "/p/:id", match_type: "urlpattern" }] },
      { type, actions: ["subscribe"], topics: [{ match: "*" }, { match: "/s/:id", match_type: "urlpattern" }], payload: { name: "Ada" } },
    ]);
    const other = part(await minted(["--publish", "a", ...HUB], { cwd }), 1) as Claims;
    expect(other.sub).not.toBe("");
    expect(other.jti).not.toBe(claims.jti);
    expect(other.exp - other.iat).toBe(3600);
  });

  test("is for the hub that the settings describe", async () => {
    const cwd = await withKeys();
    const audience = async (...flags: string[]): Promise<string> =>
      (part(await minted(["--publish", "a", ...flags], { cwd }), 1) as Claims).aud;
    expect(await audience()).toBe("http://127.0.0.1:3000/.well-known/mercure");
    expect(await audience("--port", "4000", "--host", "::1", "--path", "/hub")).toBe("http://[::1]:4000/hub");
    writeFileSync(join(cwd, "artesian.json"), '{"publicUrl":"https://events.example.com"}');
    expect(await audience()).toBe("https://events.example.com/.well-known/mercure");
    const unknown = await runToEnd(["token", "mint", "--publish", "a", "--port", "0"], { cwd: await withKeys() });
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("--resource-identifier");
  });

  test("refuses what the hub would refuse", async () => {
    const cwd = await withKeys();
    const pattern = await runToEnd(["token", "mint", "--subscribe-urlpattern", "/(a"], { cwd });
    expect(pattern.code).toBe(2);
    expect(pattern.stderr).toContain("is not closed");
    const many = Array.from({ length: 101 }, (_, i) => ["--publish", `t${i}`]).flat();
    expect((await runToEnd(["token", "mint", ...many], { cwd })).code).toBe(2);
  });

  test("signs with the key of the role, and never with a public one", async () => {
    const cwd = temporaryDirectory();
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    writeFileSync(join(cwd, "publisher.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(join(cwd, "public.pem"), publicKey.export({ type: "spki", format: "pem" }));
    writeFileSync(join(cwd, "jwks.json"), JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k-1" }] }));
    const common = ["--issuer", ISSUER, "--jwt-alg", "ES256", ...HUB];
    const publisher = ["--publisher-jwt-key", "file:publisher.pem", "--subscriber-jwt-key", "file:public.pem", ...common];
    const token = await minted(["--publish", "a", ...publisher], { cwd });
    const both = await runToEnd(["token", "mint", "--publish", "a", "--subscribe", "a", ...publisher], { cwd });
    expect(both.code).toBe(2);
    expect(both.stderr).toContain("two tokens");
    const publicOnly = await runToEnd(["token", "mint", "--publish", "a", "--jwt-key", "file:public.pem", ...common], { cwd });
    expect(publicOnly.stderr).toContain("can only check them");
    for (const key of ["file:public.pem", "file:jwks.json", publicKey.export({ type: "spki", format: "pem" }).toString()]) {
      expect((await runToEnd(["token", "inspect", "--for", "publish", token, "--jwt-key", key, ...common], { cwd })).code).toBe(0);
      // A public key as a shared secret would let everyone sign.
      const confused = await runToEnd(["token", "inspect", token, "--jwt-key", key, "--issuer", ISSUER], { cwd });
      expect(confused.code).toBe(2);
      expect(confused.stderr).toContain("HS256 needs a shared secret");
    }
    const subscriber = await runToEnd(
      ["token", "inspect", "--for", "subscribe", token, "--subscriber-jwt-key", "file:public.pem", ...common],
      { cwd },
    );
    expect(subscriber.code).toBe(0);
    const wrongRole = await runToEnd(
      ["token", "inspect", "--for", "subscribe", token, "--publisher-jwt-key", "file:public.pem", ...common],
      { cwd },
    );
    expect(wrongRole.code).toBe(1);
  });

  test("several issuers in the file: --issuer chooses", async () => {
    const cwd = temporaryDirectory();
    const secret = randomBytes(48).toString("base64");
    writeFileSync(join(cwd, "b.key"), `${secret}\n`);
    const issuers = [
      { issuer: "https://a.example", keys: [{ actions: ["subscribe"], algorithms: ["HS256"], secret: randomBytes(32).toString("hex") }] },
      { issuer: "https://b.example", keys: [{ algorithms: ["HS384"], secretFile: "b.key" }] },
    ];
    writeFileSync(join(cwd, "artesian.json"), JSON.stringify({ issuers }));
    expect(part(await minted(["--publish", "x"], { cwd }), 1)).toMatchObject({ iss: "https://b.example" });
    const token = await minted(["--subscribe", "x", "--issuer", "https://b.example"], { cwd });
    expect(part(token, 1)).toMatchObject({ iss: "https://b.example" });
    // The line end of the file is no part of the secret.
    const alone = ["--issuer", "https://b.example", "--jwt-alg", "HS384"];
    const inspect = ["token", "inspect", token, "--for", "subscribe", ...alone];
    expect((await runToEnd(inspect, { cwd: temporaryDirectory(), env: { ARTESIAN_JWT_KEY: secret } })).code).toBe(0);
    expect((await runToEnd(inspect, { cwd: temporaryDirectory(), env: { ARTESIAN_JWT_KEY: `${secret}x` } })).code).toBe(1);
    const foreign = await runToEnd(["token", "mint", "--publish", "x", "--issuer", "https://c.example"], { cwd });
    expect(foreign.code).toBe(2);
    expect(foreign.stderr).toContain("--issuer");
  });
});

describe("token inspect", () => {
  test("says claim by claim why a token is accepted or refused", async () => {
    const cwd = await withKeys();
    const token = await minted(["--publish", "a"], { cwd });
    const accepted = await runToEnd(["token", "inspect", token, "--for", "publish"], { cwd });
    expect(accepted.code).toBe(0);
    for (const check of ["typ", "iss", "alg", "aud", "exp", "signature"])
      expect(accepted.stdout).toMatch(new RegExp(`^ok +${check} `, "m"));
    expect(accepted.stdout).toContain("accepted for publishing\n");
    expect(accepted.stdout).not.toContain("refused");

    const elsewhere = await runToEnd(["token", "inspect", "-", "--port", "4000"], { cwd, input: `Bearer ${token}\n` });
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.stdout).toMatch(/^refused +aud .*:3000.*:4000/m);
    expect(elsewhere.stdout).toContain("refused for publishing\n");
    expect(elsewhere.stdout).toContain("refused for subscribing\n");

    const forged = await runToEnd(["token", "inspect"], { cwd, input: `${token.slice(0, -8)}AAAAAAAA` });
    expect(forged.code).toBe(1);
    expect(forged.stdout).toMatch(/^refused +(signature|form) /m);
    expect((await runToEnd(["token", "inspect", "nonsense"], { cwd })).code).toBe(1);
  });

  test("a token that lets nobody publish is refused for that", async () => {
    const cwd = await withKeys();
    const token = await minted(["--subscribe", "a"], { cwd });
    expect((await runToEnd(["token", "inspect", token, "--for", "publish"], { cwd })).code).toBe(1);
    const either = await runToEnd(["token", "inspect", token], { cwd });
    expect(either.code).toBe(0);
    expect(either.stdout).toContain("refused for publishing: it allows no topic\n");
    expect(either.stdout).toContain("accepted for subscribing\n");
    expect(either.stdout.match(/^ok +signature /gm)).toHaveLength(1);
  });
});

describe("a hub with tokens", () => {
  test("logs the command that makes a right token, if the token is for another port", async () => {
    const cwd = await withKeys();
    const { hub, run } = await startServer(MEMORY, { cwd, tokens: true });
    const publish = async (token: string): Promise<number | undefined> => {
      const headers = { ...FORM, authorization: `Bearer ${token}` };
      return (await send(hub, { method: "POST", headers }, "topic=greeting&data=Hello")).status;
    };
    // As in the quick start, for the default port.
    expect(await publish(await minted(["--publish", "*"], { cwd }))).toBe(401);
    const [, flag = "", value = ""] = await run.waitFor("stderr", /artesian token mint (--\S+) ([^\s"\\]+)/);
    expect(await publish(await minted(["--publish", "*", flag, value], { cwd }))).toBe(200);
  });

  test("publish and subscribe send the token, never in the URL", async () => {
    const cwd = await withKeys();
    const { hub, run } = await startServer([...MEMORY, ...HUB, "--log-level", "trace"], { cwd, tokens: true });
    const token = await minted(["--publish", "secret", "--subscribe", "secret", ...HUB], { cwd });
    const flags = ["--private", "--topic", "secret", "--url", hub, "hidden"];
    const unauthorized = await runToEnd(["publish", ...flags]);
    expect({ code: unauthorized.code, stdout: unauthorized.stdout }).toEqual({ code: 1, stdout: "" });
    expect((await runToEnd(["publish", "--token", token, ...flags])).code).toBe(0);
    expect((await runToEnd(["publish", ...flags], { env: { ARTESIAN_TOKEN: token }, input: "" })).code).toBe(0);
    const lines = await runToEnd(["publish", "--topic", "secret", "--private", "--url", hub], {
      env: { ARTESIAN_TOKEN: token },
      input: "1\n2\n",
    });
    expect(lines.code).toBe(0);
    const subscribe = ["subscribe", "secret", "--earliest", "--count", "4", "--url", hub];
    expect((await runToEnd([...subscribe, "--token", token])).stdout).toBe("hidden\nhidden\n1\n2\n");
    expect((await runToEnd(subscribe)).code).toBe(1);
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
    expect(run.stderr).not.toContain(token.split(".")[2]);
  });

  test("the token is a Bearer header, and the URL stays as it was", async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((req, res) => {
      seen.push(`${req.url} ${req.headers.authorization}`);
      res.setHeader("content-type", "application/json").end('{"id":"1"}');
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hub`;
    const env = { ARTESIAN_TOKEN: "from.variable" };
    await runToEnd(["publish", "--topic", "a", "--url", url, "x"], { env });
    await runToEnd(["publish", "--topic", "a", "--url", url, "--token", "from.flag", "x"], { env });
    await runToEnd(["subscribe", "a", "--url", url], { env });
    expect(seen).toEqual(["/hub Bearer from.variable", "/hub Bearer from.flag", "/hub?match=a Bearer from.variable"]);
    const wrong = await runToEnd(["subscribe", "--url", url], { env: { ARTESIAN_TOKEN: "two words" } });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("ARTESIAN_TOKEN: ");
    expect(wrong.stderr).not.toContain("two words");
  });

  test("--anonymous lets subscribers in for what is not private", async () => {
    const cwd = await withKeys();
    const { hub } = await startServer([...MEMORY, ...HUB, "--anonymous"], { cwd, tokens: true });
    const env = { ARTESIAN_TOKEN: await minted(["--publish", "*", ...HUB], { cwd }), ARTESIAN_URL: hub };
    expect((await runToEnd(["publish", "--topic", "a", "--private", "hidden"], { env })).code).toBe(0);
    expect((await runToEnd(["publish", "--topic", "a", "open"], { env })).code).toBe(0);
    expect((await runToEnd(["subscribe", "--earliest", "--count", "1", "--url", hub])).stdout).toBe("open\n");
  });

  test("a JWK set is fetched from its URL, and from no other", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const asked: (string | undefined)[] = [];
    const keys = createServer((req, res) => {
      asked.push(req.url);
      res.setHeader("content-type", "application/json").end(JSON.stringify({ keys: [publicKey.export({ format: "jwk" })] }));
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void keys.close());
    await new Promise((resolve) => keys.once("listening", resolve));
    const jwks = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/jwks.json`;
    const common = ["--issuer", ISSUER, "--jwt-alg", "EdDSA", ...HUB];
    const { hub } = await startServer([...MEMORY, ...common, "--jwt-key", jwks], { tokens: true });
    const pem = privateKey
      .export({ type: "pkcs8", format: "pem" })
      .toString()
      .replaceAll("\n", String.raw`\n`);
    const token = await minted(["--publish", "a", ...common], { env: { ARTESIAN_JWT_KEY: pem } });
    const env = { ARTESIAN_TOKEN: token, ARTESIAN_URL: hub };
    expect((await runToEnd(["publish", "--topic", "a", "x"], { env })).code).toBe(0);
    expect(asked).toEqual(["/jwks.json"]);
  });

  test("pages of listed origins may read, with their cookies; others may not", async () => {
    const cwd = await withKeys();
    const token = await minted(["--publish", "a", "--subscribe", "a", ...HUB], { cwd });
    const origin = "https://app.example.com";
    const flags = ["--cors-origin", origin, "--cors-origin", "https://other.example.com", "--cookie-name", "hub_token"];
    const { url } = await startServer([...MEMORY, ...HUB, ...flags], { cwd, tokens: true });
    const stream = async (headers: Record<string, string>): Promise<Response> => {
      const stop = new AbortController();
      onTestFinished(() => stop.abort());
      return await fetch(`${url}/.well-known/mercure?match=a`, { headers, signal: stop.signal });
    };
    const listed = await stream({ origin, cookie: `hub_token=${token}` });
    expect(listed.status).toBe(200);
    expect(listed.headers.get("access-control-allow-origin")).toBe(origin);
    expect(listed.headers.get("access-control-allow-credentials")).toBe("true");
    const foreign = await stream({ origin: "https://app.example.com.evil.example", cookie: `hub_token=${token}` });
    expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
    expect((await stream({ cookie: `__Secure-mercure_access_token=${token}` })).status).toBe(401);
  });

  test("pages of listed origins may publish with the cookie", async () => {
    const cwd = await withKeys();
    const token = await minted(["--publish", "a", ...HUB], { cwd });
    const flags = ["--publish-origin", "https://admin.example.com", "--cors-origin", "https://app.example.com"];
    const { hub } = await startServer([...MEMORY, ...HUB, ...flags], { cwd, tokens: true });
    const cookie = `__Secure-mercure_access_token=${token}`;
    const status = async (headers: Record<string, string>): Promise<number | undefined> =>
      (await send(hub, { method: "POST", headers: { ...FORM, ...headers } }, "topic=a")).status;
    expect(await status({ origin: "https://admin.example.com", cookie })).toBe(200);
    expect(await status({ origin: "https://app.example.com", cookie })).toBe(403);
    expect(await status({ cookie })).toBe(403);
    expect(await status({ origin: "https://admin.example.com" })).toBe(401);
    expect(await status({ origin: "https://app.example.com", authorization: `Bearer ${token}` })).toBe(200);
    const asked = { origin: "https://app.example.com", "access-control-request-method": "POST" };
    const allowed = async (headers: Record<string, string>): Promise<string | undefined> =>
      (await send(hub, { method: "OPTIONS", headers })).headers["access-control-allow-origin"];
    expect(await allowed(asked)).toBe("https://app.example.com");
    expect(await allowed({ ...asked, origin: "https://evil.example" })).toBeUndefined();
  });

  test("a secret is in no error, no help and no log", async () => {
    const secret = `s3cret-${randomBytes(20).toString("hex")}`;
    const cwd = temporaryDirectory();
    const env = { ARTESIAN_ISSUER: ISSUER, ARTESIAN_JWT_KEY: secret };
    const { run } = await startServer([...MEMORY, "--log-level", "trace"], { cwd, env, tokens: true });
    await run.waitFor("stderr", /"listening"/);
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
    expect(run.stdout + run.stderr).not.toContain(secret);
    const calls = [
      ["serve", "--help"],
      ["serve", "--jwt-alg", "ES256"],
      ["serve", "--jwt-alg", "HS512"],
      ["serve", `--jwt-kye=${secret}`],
      ["serve", "--jwt-key", `http://${secret}`],
      ["serve", "--jwt-key", `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`],
    ];
    for (const args of calls) {
      const { code, stdout, stderr } = await runToEnd(args, { cwd, env });
      expect(code, args[1]).toBe(args[1] === "--help" ? 0 : 2);
      expect(stdout + stderr, args[1]).not.toContain(secret);
    }
  });

  test("the page and an idle start tell how to get a token", async () => {
    const cwd = await withKeys();
    const { url } = await startServer([...MEMORY, ...HUB], { cwd, tokens: true });
    const { body } = await send(url);
    expect(body).toContain("artesian token mint");
    expect(body).toContain('-H "Authorization: Bearer $TOKEN" -d topic=greeting');
    const alone = start(["serve", "--port", "0", ...MEMORY, "--anonymous-publish"], { cwd: temporaryDirectory() });
    await alone.waitFor("stderr", /"level":40,.*nobody may subscribe/);
  });

  test("revoke ends what a token opened, with the local key or an administrator's token", async () => {
    const cwd = await withKeys();
    const { url, hub } = await startServer([...MEMORY, ...HUB], { cwd, tokens: true });
    const mintFor = async (...flags: string[]): Promise<string> =>
      (await runToEnd(["token", "mint", ...HUB, ...flags], { cwd })).stdout.trim();
    const status = async (token: string): Promise<number | undefined> =>
      (await send(hub, { method: "POST", headers: { ...FORM, authorization: `Bearer ${token}` } }, "topic=a")).status;
    const [first, second] = [await mintFor("--publish", "a", "--subject", "first"), await mintFor("--publish", "a", "--subject", "second")];
    expect([await status(first), await status(second)]).toEqual([200, 200]);
    const local = await runToEnd(["token", "revoke", "--sub", "first", "--url", url, ...HUB], { cwd });
    expect(local).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect([await status(first), await status(second)]).toEqual([401, 200]);
    // Without a URL, the hub of the same settings is meant.
    const { port } = new URL(url);
    expect(await runToEnd(["token", "revoke", "--sub", "first", "--port", port, ...HUB], { cwd })).toMatchObject({ code: 0 });
    const admin = await mintFor("--admin");
    const { jti } = JSON.parse(Buffer.from(second.split(".")[1] ?? "", "base64url").toString()) as { jti: string };
    const elsewhere = temporaryDirectory();
    expect(
      await runToEnd(["token", "revoke", "--jti", jti, "--url", url], { cwd: elsewhere, env: { ARTESIAN_TOKEN: admin } }),
    ).toMatchObject({ code: 0 });
    expect(await status(second)).toBe(401);
    const plain = await mintFor("--publish", "*");
    const refused = await runToEnd(["token", "revoke", "--jti", "x", "--url", url, "--token", plain], { cwd: elsewhere });
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("/.well-known/mercure/admin");
    const unclear = await runToEnd(["token", "revoke", "--url", url], { cwd });
    expect([unclear.code, unclear.stderr]).toEqual([2, expect.stringContaining("--jti ID")]);
  });

  test("the console of serve opens to an administrator's token alone, and serve has no other app", async () => {
    const cwd = await withKeys();
    const { url } = await startServer([...MEMORY, ...HUB], { cwd, tokens: true });
    expect((await send(`${url}/console`)).status).toBe(200);
    expect((await send(`${url}/stocks`)).status).toBe(404);
    const about = async (token?: string): Promise<number | undefined> =>
      (await send(`${url}/console/api/subscribers`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })).status;
    const plain = (await runToEnd(["token", "mint", ...HUB, "--publish", "*", "--subscribe", "*"], { cwd })).stdout.trim();
    const admin = (await runToEnd(["token", "mint", ...HUB, "--admin"], { cwd })).stdout.trim();
    expect([await about(), await about(plain), await about(admin)]).toEqual([401, 403, 200]);
  });
});
