import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, test as property } from "@fast-check/vitest";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig, type Sources } from "../../../packages/hub/src/cli/config/load.ts";
import type { Config } from "../../../packages/hub/src/cli/config/config.ts";
import { defaultOf, flagOf, KEYS, SETTINGS, variableOf } from "../../../packages/hub/src/cli/config/settings.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../../packages/hub/src/cli/config/units.ts";
import { UsageError } from "../../../packages/hub/src/cli/errors.ts";
import { SERVE_TOPICS } from "../../../packages/hub/src/cli/serve/serve-site.ts";
import { STATS_TOPIC } from "../../../packages/hub/src/console/server/wire.ts";
import { LIMIT_RANGES } from "../../../packages/hub/src/core/limits.ts";
import { CHAT_TOPICS } from "../../../demo/src/chat/server/room-tokens.ts";
import { NEWS_TOPICS } from "../../../demo/src/news/server/news.ts";
import { STOCKS_TOPICS } from "../../../demo/src/stocks/server/stocks.ts";
import { capacity } from "../../../packages/hub/src/cli/serve/descriptors.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "artesian-config-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function load(sources: Partial<Sources> = {}): Config {
  return loadConfig({ flags: {}, env: {}, cwd: directory, ...sources });
}

function problems(sources: Partial<Sources>): string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof UsageError) return error.message.split("\n");
    throw error;
  }
  throw new Error("It was accepted.");
}

function file(content: unknown, name = "artesian.json"): void {
  writeFileSync(join(directory, name), typeof content === "string" ? content : JSON.stringify(content));
}

describe("sources", () => {
  test("without any, the defaults hold", () => {
    expect(load()).toEqual({ ...Object.fromEntries(KEYS.map((key) => [key, SETTINGS[key].fallback])), issuers: [] });
    expect(load()).toMatchObject({
      host: "127.0.0.1",
      port: 3000,
      path: "/.well-known/mercure",
      retentionAge: 604_800_000,
      heartbeat: 25_000,
      drain: 5000,
    });
  });

  test("a flag wins over a variable, a variable over the file, the file over the default", () => {
    file({ port: 1, heartbeat: "1s", maxTopics: 5, drain: 500 });
    const config = load({ flags: { port: "3" }, env: { ARTESIAN_PORT: "2", ARTESIAN_HEARTBEAT: "2s", ARTESIAN_HOST: "" } });
    expect(config).toMatchObject({ port: 3, heartbeat: 2000, maxTopics: 5, drain: 500, host: "127.0.0.1" });
  });

  test("the file may be named by a flag, or by a variable", () => {
    file({ port: 1 });
    file({ port: 2 }, "two.json");
    file("\uFEFF{}", "bom.json");
    expect(load({ file: "two.json", env: { ARTESIAN_CONFIG: "nowhere.json" } }).port).toBe(2);
    expect(load({ env: { ARTESIAN_CONFIG: join(directory, "two.json") } }).port).toBe(2);
    expect(load({ file: "bom.json" }).port).toBe(3000);
    expect(load({ env: { ARTESIAN_CONFIG: "" } }).port).toBe(1);
  });

  test("names follow from the key", () => {
    expect(flagOf("maxConnectionsPerAddress")).toBe("--max-connections-per-address");
    expect(variableOf("maxConnectionsPerAddress")).toBe("ARTESIAN_MAX_CONNECTIONS_PER_ADDRESS");
  });
});

describe("help", () => {
  test.each(
    KEYS.filter((key) => {
      const { fallback } = SETTINGS[key];
      return fallback !== undefined && typeof fallback !== "object";
    }),
  )("shows a default of %s that reads back as the default", (key) => {
    const { schema, fallback } = SETTINGS[key];
    expect(schema.parse(defaultOf(key))).toBe(fallback);
  });
});

describe("values", () => {
  test("units are read", () => {
    const config = load({
      flags: {
        heartbeat: "1500ms",
        maxLifetime: "2h",
        retentionAge: "30d",
        retentionBytes: "10GB",
        maxBodyBytes: "64KiB",
        retentionCount: "2,000_000",
        retryMin: "0",
      },
    });
    expect(config).toMatchObject({
      heartbeat: 1500,
      maxLifetime: 7_200_000,
      retentionAge: 2_592_000_000,
      retentionBytes: 1e10,
      maxBodyBytes: 65_536,
      retentionCount: 2_000_000,
      retryMin: 0,
    });
  });

  test("a bound may be switched off", () => {
    expect(load({ flags: { retentionAge: "none", retentionBytes: "none", retentionCount: "none" } })).toMatchObject({
      retentionAge: "none",
      retentionBytes: "none",
      retentionCount: "none",
    });
  });

  test.each([
    ["memory", { kind: "memory" }],
    ["log", { kind: "log", directory: undefined }],
    ["log:/var/lib/artesian", { kind: "log", directory: "/var/lib/artesian" }],
    ["log:C:\\data", { kind: "log", directory: "C:\\data" }],
  ])("journal %s", (value, expected) => {
    expect(load({ flags: { journal: value } }).journal).toEqual(expected);
  });

  test.each(["1", "true", true])("%s means yes", (value) => {
    expect(load({ flags: { anonymousPublish: value } }).anonymousPublish).toBe(true);
  });

  test("a public URL is an origin", () => {
    expect(load({ flags: { publicUrl: "https://Events.example.com:443/" } }).publicUrl).toBe("https://events.example.com");
  });

  test.each([
    ["port", "65536"],
    ["port", "-1"],
    ["port", "1e3"],
    ["port", ","],
    ["port", ""],
    ["heartbeat", "10x"],
    ["heartbeat", "10"],
    ["heartbeat", "-1s"],
    ["heartbeat", "none"],
    ["maxLifetime", "1y"],
    ["maxBodyBytes", "1MB/s"],
    ["maxBodyBytes", "10TiB"],
    ["retentionAge", "never"],
    ["journal", "redis"],
    ["journal", "log:"],
    ["journal", "logs"],
    ["maxTopicLength", "1B"],
    ["maxTopicLength", "63"],
    ["path", "/"],
    ["path", "/health"],
    ["path", "/health/live"],
    ["path", "hub"],
    ["path", "/a/../b"],
    ["path", "/hub/"],
    ["path", "/hub?x"],
    ["publicUrl", "example.com"],
    ["publicUrl", "https://example.com/hub"],
    ["publicUrl", "ftp://example.com"],
    ["logLevel", "loud"],
    ["anonymousPublish", "yes"],
    ["anonymous", "no"],
    ["issuer", "example"],
    ["issuer", "https://example.com/ x"],
    ["resourceIdentifier", "/.well-known/mercure"],
    ["jwtAlg", "none"],
    ["jwtAlg", "hs256"],
    ["corsOrigin", "example.com"],
    ["corsOrigin", "https://example.com/path"],
    ["corsOrigin", "https://*.example.com"],
    ["corsOrigin", "null"],
    ["corsOrigin", "capacitor://localhost/path"],
    ["corsOrigin", "chrome-extension://*"],
    ["corsOrigin", "capacitor://"],
    ["corsOrigin", "htps://example.com"],
    ["publicUrl", "capacitor://localhost"],
    ["publishOrigin", "*"],
    ["publishOrigin", "https://a.example,"],
    ["cookieName", "a b"],
    ["data", " "],
  ] as const)("%s can't be %j, and the error says where that was set", (key, value) => {
    const flag = problems({ flags: { [key]: value } });
    expect(flag).toHaveLength(1);
    expect(flag[0]).toMatch(new RegExp(`^${flagOf(key)}: .*is not (a|an|one|true) `));
    file({ [key]: value });
    expect(problems({})[0]).toMatch(new RegExp(`^artesian\\.json: ${key}: `));
    if (value !== "") expect(problems({ env: { [variableOf(key)]: value } })[0]).toMatch(new RegExp(`^${variableOf(key)}: `));
  });
});

describe("keys", () => {
  test.each([
    ["a secret of more than 32 bytes, = and all", { kind: "secret", secret: "a secret of more than 32 bytes, = and all" }],
    ["file:/run/key.pem", { kind: "file", path: "/run/key.pem", holds: undefined }],
    ["https://example.com/jwks.json", { kind: "url", url: "https://example.com/jwks.json" }],
    ["http://127.0.0.1:8080/jwks.json", { kind: "url", url: "http://127.0.0.1:8080/jwks.json" }],
    [String.raw`-----BEGIN PUBLIC KEY-----\nAA==\n`, { kind: "pem", pem: "-----BEGIN PUBLIC KEY-----\nAA==\n" }],
  ])("%s is read", (value, expected) => {
    expect(load({ flags: { jwtKey: value } }).jwtKey).toEqual(expected);
  });

  test.each(["http://example.com/jwks.json", "http://127.0.0.1.example.com/jwks", "file:", " ", 1, ["secret"]])(
    "%j can't be one",
    (value) => {
      expect(problems({ flags: { subscriberJwtKey: value } })).toEqual([expect.stringMatching(/^--subscriber-jwt-key: /)]);
    },
  );

  const DER = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "der", type: "spki" }).toString("base64");
  const NO_SECRETS = [
    ["an absolute path", "/etc/keys/issuer.pem", "file:"],
    ["a path without an ending", "/run/secrets/artesian-issuer-key-of-production", "file:"],
    ["a relative path", "./issuer", "file:"],
    ["a path of the parent", "../keys/issuer", "file:"],
    ["a path of the home", "~/keys/issuer", "file:"],
    ["a path of Windows", String.raw`C:\keys\issuer`, "file:"],
    ["a file as curl writes it", "@/etc/keys/issuer", "file:"],
    ["the name of a key file", "issuer.pem", "file:"],
    ["the name of a file with a space", "my keys/issuer of tokens.jwks", "file:"],
    ["the name of a file that is there", "package.json", "file:"],
    ["the name of a directory that is there", "node_modules", "file:"],
    ["another kind of URL", "ftp://example.com/a-key-of-an-issuer-somewhere", "URL"],
    ["a variable that was not filled in", "${ARTESIAN_SECRET_OF_THE_ISSUER_KEY}", "variable"],
    ["a file in quotes", '"file:/etc/keys/issuer.pem"', "quotes"],
    ["a secret in quotes", '"a secret of thirty-two bytes or more"', "quotes"],
    ["a URL in quotes", "'https://example.com/jwks.json'", "quotes"],
    ["a JWK set", '{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}', "JWK"],
    ["a public key without its PEM", DER, "public key"],
    ["a public key of SSH", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me@host", "public key"],
  ] as const;

  describe.each(["jwtKey", "publisherJwtKey", "subscriberJwtKey"] as const)("%s", (key) => {
    test.each(NO_SECRETS)("refuses %s as a secret, with the remedy, without repeating it", (_, value, hint) => {
      for (const [sources, place] of [
        [{ flags: { [key]: value } }, flagOf(key)],
        [{ env: { [variableOf(key)]: value } }, variableOf(key)],
      ] as const) {
        const [problem, ...others] = problems(sources);
        expect(others).toEqual([]);
        expect(problem).toMatch(new RegExp(`^${place}: .*${hint}`));
        expect(problem).not.toContain(value);
      }
      file({ [key]: value });
      expect(problems({})).toEqual([expect.stringMatching(new RegExp(`^artesian\\.json: ${key}: .*${hint}`))]);
    });

    property.prop([fc.uint8Array({ minLength: 32, maxLength: 64 })])(
      "takes random bytes in base64, base64url and hex for a secret",
      (bytes) => {
        for (const encoding of ["base64", "base64url", "hex"] as const) {
          // The first byte keeps a slash away from the beginning, which is the next test's.
          const secret = Buffer.from([1, ...bytes]).toString(encoding);
          expect(load({ flags: { [key]: secret } })[key]).toEqual({ kind: "secret", secret });
        }
      },
    );

    test("takes a random secret for one that begins with a slash", () => {
      for (let seed = 0; seed < 2000; seed++) {
        const secret = Buffer.concat([Buffer.of(0xfc | (seed & 3)), createHash("sha256").update(String(seed)).digest()]).toString("base64");
        expect(secret).toMatch(/^\//);
        // Of every length: some programs leave the padding out, and 24 bytes are 32 characters.
        for (const length of [secret.length, secret.length - 1, secret.length - 2, 33, 32])
          expect(load({ flags: { [key]: secret.slice(0, length) } })[key]).toMatchObject({ kind: "secret" });
      }
    });
  });

  test("a secret in the place of its file is not repeated", () => {
    const told = problems({ flags: { opaqueIds: "correct-horse-battery-staple-0123456789" } });
    expect(told).toEqual([expect.stringMatching(/^--opaque-ids: the value is not on, off, or file:PATH/)]);
    expect(told.join()).not.toContain("battery");
  });

  test("file: may be written in any case", () => {
    expect(load({ flags: { jwtKey: "File:/run/key.pem" } }).jwtKey).toEqual({ kind: "file", path: "/run/key.pem", holds: undefined });
  });

  test.each(NO_SECRETS)("the secret of an issuer in the file can't be %s", (_, value) => {
    file({ issuers: [{ issuer: "https://a.example", keys: [{ algorithms: ["HS256"], secret: value }] }] });
    const told = problems({}).join("\n");
    expect(told).toMatch(/^artesian\.json: issuers\[0\]\.keys\[0\]\.secret: /);
    expect(told).toMatch(/secretFile|jwksFile|publicKeyFile|quotes/);
    expect(told).not.toContain(value);
  });

  test.each([
    ["secretFile", "file:/etc/keys/issuer", "without file:"],
    ["publicKeyFile", "https://example.com/key.pem", "URL"],
    ["publicKeyFile", "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n", "the path of a file"],
    ["jwksFile", "https://example.com/jwks.json", "jwksUrl"],
    ["jwksFile", '{"keys": []}', "the path of a file"],
    ["jwksUrl", "file:/etc/keys/jwks.json", "https"],
    ["jwksUrl", "/etc/keys/jwks.json", "https"],
  ])("%s of an issuer can't be %j", (name, value, hint) => {
    file({ issuers: [{ issuer: "https://a.example", keys: [{ algorithms: ["ES256"], [name]: value }] }] });
    expect(problems({})).toEqual([
      expect.stringMatching(new RegExp(`^artesian\\.json: issuers\\[0\\]\\.keys\\[0\\]\\.${name}: .*${hint}`)),
    ]);
  });

  test.each([
    ["data", "file:/var/lib/artesian"],
    ["data", "https://example.com/data"],
    ["data", "log:/var/lib/artesian"],
    ["journal", "log:https://example.com/data"],
    ["journal", "log:file:/var/lib/artesian"],
    ["journal", "/var/lib/artesian"],
    ["publicUrl", "/etc/keys/issuer.pem"],
    ["issuer", "/etc/keys/issuer.pem"],
  ] as const)("%s can't be %j", (key, value) => {
    expect(problems({ flags: { [key]: value } })).toEqual([expect.stringMatching(new RegExp(`^${flagOf(key)}: .* is not `))]);
  });

  test.each([
    "redis:pass-word@host",
    "redis//user:pass-word@host",
    "redis:pass-word",
    "redis://user:pass-word@[bad",
    "redis://user:pass-word@host:port",
    "redis://a/?pass-word@host",
    "rediss+sentinel://user:pass-word@host",
    "nats://pass-word@[bad",
    "nats:pass-word@host",
    "postgres://user:pass-word@host",
    "user:pass-word@host",
  ])("the journal %j is refused, and its password is not repeated", (journal) => {
    const [problem, ...others] = problems({ flags: { journal } });
    expect(others).toEqual([]);
    expect(problem).toMatch(/^--journal: .*(URL|not a journal)/);
    expect(problem).not.toContain("pass-word");
  });

  test.each(["publicUrl", "corsOrigin", "publishOrigin"] as const)("a refused %s does not repeat secrets of the URL", (key) => {
    const [problem] = problems({ flags: { [key]: "https://user:pass-word@a.example/?pass-word#pass-word" } });
    expect(problem).toContain("a.example");
    expect(problem).not.toContain("pass-word");
  });

  test("the least bound of topics fits those of the hub and the demo", () => {
    const admin = `${SETTINGS.path.fallback}/subscriptions/*`;
    for (const text of [
      admin,
      STATS_TOPIC,
      ...[...SERVE_TOPICS, ...CHAT_TOPICS, ...NEWS_TOPICS, ...STOCKS_TOPICS].map(({ pattern }) => pattern),
    ]) {
      expect(text.length).toBeLessThanOrEqual(LIMIT_RANGES.topicBytes[0]);
    }
  });

  test("several issuers are read from the file", () => {
    file({
      issuers: [
        {
          issuer: "https://a.example",
          keys: [{ actions: ["publish"], algorithms: ["ES256", "EdDSA"], jwksUrl: "https://a.example/jwks" }],
        },
        { issuer: "https://b.example", keys: [{ algorithms: ["HS256"], secretFile: "b.key" }] },
      ],
    });
    expect(load().issuers).toEqual([
      {
        issuer: "https://a.example",
        keys: [{ actions: ["publish"], algorithms: ["ES256", "EdDSA"], key: { kind: "url", url: "https://a.example/jwks" } }],
      },
      {
        issuer: "https://b.example",
        keys: [{ actions: ["publish", "subscribe"], algorithms: ["HS256"], key: { kind: "file", path: "b.key", holds: "secret" } }],
      },
    ]);
  });

  const SECRET = "correct-horse-battery-staple-0123456789";
  test.each([
    [[{ issuer: "https://a.example", keys: [] }], "issuers[0].keys: "],
    [[{ issuer: "https://a.example", keys: [{ algorithms: [], secret: SECRET }] }], "issuers[0].keys[0].algorithms: "],
    [[{ issuer: "https://a.example", keys: [{ algorithms: ["none"], secret: SECRET }] }], "issuers[0].keys[0].algorithms[0]: "],
    [[{ issuer: "https://a.example", keys: [{ algorithms: ["HS256"] }] }], "issuers[0].keys[0]: "],
    [
      [{ issuer: "https://a.example", keys: [{ algorithms: ["HS256"], secret: SECRET, jwksUrl: "https://a.example" }] }],
      "issuers[0].keys[0]: ",
    ],
    [[{ issuer: "https://a.example", keys: [{ algorithms: ["ES256"], jwksUrl: "http://a.example" }] }], "issuers[0].keys[0].jwksUrl: "],
    [[{ issuer: "https://a.example", keys: [{ algorithms: ["HS256"], sekret: SECRET }] }], "issuers[0].keys[0]: "],
    [[{ issuer: "https://a.example", keys: [{ actions: ["read"], algorithms: ["HS256"], secret: SECRET }] }], "issuers[0].keys[0].actions"],
    [SECRET, "issuers: "],
  ])("a wrong issuer is told by its place, and its secret is not (%#)", (issuers, place) => {
    file({ issuers });
    const told = problems({});
    expect(told[0]).toContain(`artesian.json: ${place}`);
    expect(told.join("\n")).not.toContain(SECRET);
  });

  test("a file that is not JSON is told by its place, and a secret in it is not", () => {
    file(`{\n  "jwtKey": "${SECRET}",\n  "port": x${SECRET}\n}`);
    expect(problems({}).join("\n")).not.toContain(SECRET);
    file(`{"jwtKey": '${SECRET}'}`);
    expect(problems({}).join("\n")).not.toContain(SECRET);
  });

  test("apps and extensions have origins with schemes of their own", () => {
    const apps = [
      "capacitor://localhost",
      "tauri://localhost",
      "ionic://localhost",
      "app://-",
      `chrome-extension://${"abcdefgh".repeat(4)}`,
    ];
    for (const key of ["corsOrigin", "publishOrigin"] as const) {
      expect(load({ flags: { [key]: apps } })[key]).toEqual(apps);
      expect(load({ env: { [variableOf(key)]: apps.join(",") } })[key]).toEqual(apps);
      file({ [key]: apps });
      expect(load()[key]).toEqual(apps);
    }
  });

  test("origins are given one by one, with commas, or as a list", () => {
    const expected = ["https://a.example", "http://b.example:8080"];
    expect(load({ flags: { corsOrigin: ["https://A.example:443/", "http://b.example:8080"] } }).corsOrigin).toEqual(expected);
    expect(load({ env: { ARTESIAN_CORS_ORIGIN: "https://a.example, http://b.example:8080" } }).corsOrigin).toEqual(expected);
    file({ publishOrigin: expected, corsOrigin: ["*"] });
    expect(load()).toMatchObject({ publishOrigin: expected, corsOrigin: ["*"] });
    expect(problems({ flags: { corsOrigin: ["*", "https://a.example"] } })).toEqual([expect.stringContaining("leave the others out")]);
  });
});

describe("reports of mistakes", () => {
  test("all at once", () => {
    file({ drain: "soon", prot: 1 });
    expect(problems({ flags: { port: "x" }, env: { ARTESIAN_HEARTBEAT: "y" } })).toEqual([
      expect.stringMatching(/^artesian\.json: there is no setting "prot"/),
      expect.stringMatching(/^--port: "x" is not a port: a whole number from 0 to 65,535\./),
      expect.stringMatching(/^ARTESIAN_HEARTBEAT: "y" is not a duration/),
    ]);
  });

  test("an unknown key, with what was meant", () => {
    file({ "max-body-bytes": "1MiB" });
    expect(problems({})).toEqual(['artesian.json: there is no setting "max-body-bytes"; write "maxBodyBytes".']);
    file({ maxBody: "1MiB" });
    expect(problems({})[0]).toContain('there is no setting "maxBody"');
    file({ ARTESIAN_PORT: 1 });
    expect(problems({})).toEqual(['artesian.json: there is no setting "ARTESIAN_PORT"; write "port".']);
    file('{"__proto__": {"port": 1}}');
    expect(problems({})[0]).toContain('there is no setting "__proto__"');
  });

  test("a value of the wrong kind", () => {
    file({ port: [1], data: null });
    expect(problems({})).toEqual(["artesian.json: port: must be a number or a text.", "artesian.json: data: must be a text."]);
  });

  test("a file that can't be read", () => {
    expect(problems({ file: "nowhere.json" })).toEqual(["--config nowhere.json: there is no such file."]);
    file("{port: 1}");
    expect(problems({})[0]).toMatch(/^artesian\.json: not JSON: /);
    file("[1]");
    expect(problems({})[0]).toContain("one JSON object");
  });

  test("a reconnection time whose ends are crossed", () => {
    expect(problems({ flags: { retryMin: "9s" } })).toEqual([expect.stringMatching(/^--retry-min: .*--retry-max/)]);
  });

  test("no room for the largest update twice, or for the largest body four times", () => {
    const few = { maxBodyBytes: "33MiB", maxHeldBytes: "64MiB", maxPendingBodyBytes: "64MiB" };
    expect(problems({ flags: few })).toEqual([
      expect.stringMatching(/^--max-held-bytes: --max-held-bytes must be at least twice .* 69206016 bytes/),
      expect.stringMatching(/^--max-pending-body-bytes: --max-pending-body-bytes must be at least four times .* 138412032 bytes/),
    ]);
    const enough = { maxBodyBytes: "33MiB", maxHeldBytes: "66MiB", maxPendingBodyBytes: "132MiB" };
    expect(load({ flags: enough })).toMatchObject({ maxHeldBytes: 66 * 2 ** 20, maxPendingBodyBytes: 132 * 2 ** 20 });
  });

  test("none for a raised largest body alone: the defaults follow it", () => {
    const following = (maxBodyBytes: string): Config => load({ flags: { maxBodyBytes } });
    expect(following("2MiB")).toMatchObject({ maxHeldBytes: 64 * 2 ** 20, maxPendingBodyBytes: 64 * 2 ** 20 });
    expect(following("33MiB")).toMatchObject({ maxHeldBytes: 66 * 2 ** 20, maxPendingBodyBytes: 132 * 2 ** 20 });
  });
});

describe("units", () => {
  property.prop([fc.nat(2 ** 40)])("what is written is read back", (value) => {
    expect(parseDuration(formatDuration(value))).toBe(value);
    expect(parseSize(formatSize(value))).toBe(value);
  });

  test("are written with the largest that fits", () => {
    expect([formatDuration(0), formatDuration(90_000), formatDuration(86_400_000)]).toEqual(["0ms", "90s", "1d"]);
    expect([formatSize(255), formatSize(2048), formatSize(2 ** 30)]).toEqual(["255B", "2KiB", "1GiB"]);
  });

  property.prop([fc.string()])("anything else is refused, and never throws", (value) => {
    for (const parse of [parseDuration, parseSize]) expect(parse(value) ?? 0).toBeGreaterThanOrEqual(0);
  });
});

test("descriptors are kept in reserve", () => {
  expect(capacity(1000)).toMatchObject({ streams: 800, connections: 900 });
  expect(capacity(1_000_000)).toMatchObject({ streams: 50_000, warning: undefined });
  expect(capacity(128)).toEqual({
    streams: 71,
    connections: 80,
    warning: expect.stringMatching(
      /^a process may have 128 files open here, so it holds at most 71 streams; raise the limit by ulimit -n/,
    ) as string,
  });
  expect(capacity(1)).toMatchObject({ streams: 1, connections: 1 });
});
