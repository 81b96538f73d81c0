import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { mintToken } from "artesian/http";
import { describe, expect, test } from "vitest";
import { LIVE_LIMITS } from "../../packages/hub/src/core/limits.ts";
import { RELOADED } from "../../packages/hub/src/cli/config/reloaded.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { SETTING_OF_LIMIT } from "../support/limit-settings.ts";
import { listen } from "../support/server.ts";
import { openStream } from "../support/stream.ts";
import { runToEnd, type RunningServer, send, startServer } from "./command.ts";
import { childrenOf } from "./worker-processes.ts";
import { bearer, FORM, openLineToEach, type WorkerPool } from "./worker-pool.ts";

const AUDIENCE = "https://hub.example/.well-known/mercure";
const ONE: readonly string[] = ["--journal", "memory"];
const TWO: readonly string[] = ["--workers", "2"];
const PUBLISHERS = 4;
const SUBSCRIBERS = 6;
/** Updates that must be acknowledged between two steps, so that each step happens under load. */
const BETWEEN = 40;

interface Setup {
  readonly server: RunningServer;
  readonly keys: string;
  readonly write: (settings: object | string) => void;
  readonly mint: () => Promise<string>;
  readonly command: (...args: string[]) => Promise<string>;
  /** Sends SIGHUP, and returns the line of the log that matches, which must be new. */
  readonly hangUp: (pattern: RegExp) => Promise<string>;
}

/** A hub with a key file and a configuration file. */
async function setUp(settings: object, args: readonly string[] = ONE): Promise<Setup> {
  const cwd = temporaryDirectory();
  const command = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runToEnd(words, { cwd });
    expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: "" });
    return stdout.trim();
  };
  const write = (content: object | string): void =>
    writeFileSync(join(cwd, "artesian.json"), typeof content === "string" ? content : JSON.stringify(content));
  write(settings);
  await command("keys", "create");
  const audience = ["--resource-identifier", AUDIENCE];
  const server = await startServer([...args, ...audience], { cwd, tokens: true });
  await server.run.waitFor("stderr", /"msg":"listening"/);
  return {
    server,
    keys: join(cwd, "data", "keys.json"),
    write,
    command,
    mint: () => command("token", "mint", ...audience, "--publish", "*", "--subscribe", "*"),
    async hangUp(pattern) {
      const known = server.run.stderr.length;
      server.run.child.kill("SIGHUP");
      await server.run.waitFor("stderr", new RegExp(`^[^]{${known}}[^]*SIGHUP: [^\\n]*\\n`));
      const lines = server.run.stderr.slice(known).split("\n");
      const line = lines.find((one) => pattern.test(one));
      if (line === undefined) throw new Error(`No line matches ${String(pattern)}:\n${lines.join("\n")}`);
      return line;
    },
  };
}

const publish = (hub: string, token: string, body = "topic=other", headers: Record<string, string> = {}): ReturnType<typeof send> =>
  send(hub, { method: "POST", headers: { ...FORM, ...bearer(token), ...headers } }, body);

/** Publishers and subscribers that go on until they are stopped. */
async function startLoad(
  hub: string,
  token: string,
): Promise<{
  token: string;
  readonly acknowledged: Set<string>;
  readonly refused: string[];
  more(): Promise<void>;
  stop(): Promise<void>;
}> {
  const acknowledged = new Set<string>();
  const refused: string[] = [];
  const streams = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => openStream(`${hub}?match=a`, { headers: bearer(token) })));
  const load = {
    token,
    isStopped: false,
    acknowledged,
    refused,
    async more() {
      const least = acknowledged.size + BETWEEN;
      await expect.poll(() => acknowledged.size, { timeout: 60_000 }).toBeGreaterThan(least);
    },
    async stop() {
      load.isStopped = true;
      await Promise.all(publishing);
      for (const stream of streams) {
        const events = await stream.take(acknowledged.size);
        expect(new Set(events.map(({ data }) => data))).toEqual(acknowledged);
        stream.close();
      }
    },
  };
  const publishing = Array.from({ length: PUBLISHERS }, async (_, publisher) => {
    for (let i = 0; !load.isStopped; i++) {
      const { status, body } = await publish(hub, load.token, `topic=a&private=on&data=${publisher}-${i}`);
      if (status === 200) acknowledged.add(`${publisher}-${i}`);
      else refused.push(`${status ?? 0} ${body}`);
    }
  });
  return load;
}

test("each limit that may change while a hub runs is a setting that SIGHUP changes", () => {
  const fixed = Object.keys(SETTING_OF_LIMIT).filter((name) => !(LIVE_LIMITS as readonly string[]).includes(name));
  expect(LIVE_LIMITS.filter((name) => !RELOADED.has(SETTING_OF_LIMIT[name]))).toEqual([]);
  expect(fixed.filter((name) => RELOADED.has(SETTING_OF_LIMIT[name as keyof typeof SETTING_OF_LIMIT]))).toEqual([]);
});

test("a pipe in the place of a file changes nothing, and holds nothing up", async () => {
  const { server, keys, mint, hangUp } = await setUp({});
  const token = await mint();
  const settings = join(keys, "../../artesian.json");
  for (const file of [settings, keys]) {
    const content = readFileSync(file);
    rmSync(file);
    execFileSync("mkfifo", [file]);
    expect(await hangUp(/nothing was changed/)).toContain("no regular file");
    expect((await publish(server.hub, token)).status).toBe(200);
    rmSync(file);
    writeFileSync(file, content, { mode: 0o600 });
  }
  await hangUp(/settings and keys are as before/);
});

describe.each([
  ["one process", ONE],
  ["two workers", TWO],
])("SIGHUP under load, %s", (_, args) => {
  test("good files are taken over, bad and half-written ones change nothing, and no update is lost or refused", async () => {
    const { server, keys, write, mint, command, hangUp } = await setUp({ corsOrigin: ["https://a.example"], maxTopics: 5 }, args);
    const { hub } = server;
    const old = await mint();
    const load = await startLoad(hub, old);
    const topics = (count: number): string => Array.from({ length: count }, (_, i) => `topic=t${i}`).join("&");
    const statusOf = async (count: number): Promise<number | undefined> => (await publish(hub, load.token, topics(count))).status;
    await load.more();

    // Good files: another key, other settings, and one that needs a restart.
    await command("keys", "rotate");
    const secret = (JSON.parse(readFileSync(keys, "utf8")) as { keys: [{ k: string }] }).keys[0].k;
    write({ corsOrigin: ["https://b.example"], maxTopics: 2, heartbeat: "20s" });
    const good = await hangUp(/were taken over/);
    expect(JSON.parse(good)).toMatchObject({
      level: 30,
      changed: ["corsOrigin", "maxTopics", expect.stringMatching(/^keys of urn:uuid:/)],
    });
    await server.run.waitFor("stderr", /"level":40,.*"needRestart":\["heartbeat"\]/);
    const next = await mint();
    expect(next).not.toBe(old);
    expect([await statusOf(2), await statusOf(3)]).toEqual([200, 413]);
    load.token = next;
    await load.more();
    for (const [origin, isAllowed] of [
      ["https://a.example", false],
      ["https://b.example", true],
    ] as const) {
      const { headers } = await publish(hub, next, "topic=x", { origin });
      expect(headers["access-control-allow-origin"]).toBe(isAllowed ? origin : undefined);
    }
    // The earlier key is still accepted.
    expect((await publish(hub, old)).status).toBe(200);

    // Bad, half-written, empty and missing files.
    write({ maxTopics: "many", maxBatch: 0, corsOrigin: ["https://c.example"] });
    const bad = JSON.parse(await hangUp(/nothing was changed/)) as { level: number; why: string };
    expect(bad.level).toBe(50);
    expect(bad.why).toMatch(/artesian\.json: maxTopics: "many" is not.* artesian\.json: maxBatch: "0" is not/);
    write('{"maxTopics": 3, "corsO');
    expect(await hangUp(/nothing was changed/)).toMatch(/artesian\.json: not JSON: line 1, column/);
    write("");
    expect(await hangUp(/nothing was changed/)).toContain("it is empty");
    rmSync(join(keys, "../../artesian.json"));
    expect(await hangUp(/nothing was changed/)).toContain("artesian.json: there is no such file");
    write({ corsOrigin: ["https://b.example"], maxTopics: 3 });
    const whole = readFileSync(keys, "utf8");
    writeFileSync(keys, whole.slice(0, -20));
    expect(await hangUp(/nothing was changed/)).toContain("keys.json is not JSON");
    rmSync(keys);
    expect(await hangUp(/nothing was changed/)).toContain("There is no key");
    writeFileSync(keys, whole);
    expect([await statusOf(2), await statusOf(3)]).toEqual([200, 413]);
    await load.more();

    // The earlier key goes. Its streams stay.
    const { keys: rows } = JSON.parse(await command("keys", "list", "--json")) as { keys: { kid: string; signs: boolean }[] };
    for (const { kid, signs } of rows) if (!signs) await command("keys", "remove", kid);
    await hangUp(/were taken over/);
    expect([await statusOf(3), (await publish(hub, old)).status]).toEqual([200, 401]);
    expect(await hangUp(/are as before/)).toContain('"changed":[]');
    await load.more();
    await load.stop();
    expect(load.refused).toEqual([]);
    expect(server.run.stderr).not.toContain(secret);
    server.run.child.kill("SIGTERM");
    expect(await server.run.exit).toBe(0);
  }, 180_000);
});

test("every worker has the new settings, and so has one that takes an ended worker's place", async () => {
  const { server, write, mint, hangUp } = await setUp({ maxTopics: 5 }, TWO);
  const { run } = server;
  const pool: WorkerPool = { ...server, workers: () => childrenOf(run.child.pid ?? 0) };
  const token = await mint();
  const statuses = async (): Promise<unknown[]> => {
    const lines = await openLineToEach(pool);
    return Promise.all(lines.map(async (line) => (await line.send("/events/stream", "POST", "topic=a&topic=b", bearer(token))).status));
  };
  expect(await statuses()).toEqual([200, 200]);
  write({ maxTopics: 1 });
  await hangUp(/were taken over/);
  expect(await statuses()).toEqual([413, 413]);
  const [victim = 0] = pool.workers();
  process.kill(victim, "SIGKILL");
  await run.waitFor("stderr", /"a worker listens"/);
  expect(await statuses()).toEqual([413, 413]);
});

describe("a JWK set at a URL", () => {
  interface Issuer {
    readonly settings: (path?: string) => object;
    readonly token: () => Promise<string>;
    /** The number of fetches that are answered. The others get 500. */
    answers: number;
    fetches: number;
  }

  async function startIssuer(name: string): Promise<Issuer> {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: name, alg: "ES256" };
    const issuer: Issuer = {
      answers: Infinity,
      fetches: 0,
      settings: (path = "/jwks") => ({
        issuers: [{ issuer: `https://${name}.example`, keys: [{ algorithms: ["ES256"], jwksUrl: url + path }] }],
      }),
      token: () =>
        mintToken({
          key: { privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), algorithm: "ES256", keyId: name },
          issuer: `https://${name}.example`,
          audience: AUDIENCE,
          subject: "someone",
          publish: [{ type: "exact", pattern: "/.well-known/mercure/admin" }],
          subscribe: [],
          lifetimeSeconds: 600,
        }),
    };
    const server = createServer((_, res) => {
      if (++issuer.fetches > issuer.answers) res.writeHead(500).end();
      else res.end(JSON.stringify({ keys: [jwk] }));
    });
    const url = await listen(server);
    return issuer;
  }

  test("is fetched before it is taken over; one that can't be fetched by each worker changes none", async () => {
    const [first, second] = [await startIssuer("first"), await startIssuer("second")];
    const { server, write, hangUp } = await setUp(first.settings(), TWO);
    const pool: WorkerPool = { ...server, workers: () => childrenOf(server.run.child.pid ?? 0) };
    const statuses = async (issuer: Issuer): Promise<unknown[]> => {
      const token = await issuer.token();
      const lines = await openLineToEach(pool);
      return Promise.all(lines.map(async (line) => (await line.send("/.well-known/mercure/metrics", "GET", "", bearer(token))).status));
    };
    expect([await statuses(first), await statuses(second)]).toEqual([
      [200, 200],
      [401, 401],
    ]);
    second.answers = 1;
    write(second.settings());
    const refused = await hangUp(/nothing was changed/);
    expect(refused).toMatch(/The JWK set at http:\/\/127\.0\.0\.1:\d+\/jwks: It answers 500/);
    expect([await statuses(first), await statuses(second)]).toEqual([
      [200, 200],
      [401, 401],
    ]);
    second.answers = Infinity;
    await hangUp(/were taken over/);
    expect([await statuses(first), await statuses(second)]).toEqual([
      [401, 401],
      [200, 200],
    ]);
    // A set that was there before is fetched again.
    const { fetches } = second;
    await hangUp(/are as before/);
    await expect.poll(() => second.fetches).toBe(fetches + 2);
  }, 60_000);
});
