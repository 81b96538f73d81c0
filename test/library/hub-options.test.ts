import { generateKeyPairSync } from "node:crypto";
import { createHub, type HubOptions, type Limits, memoryJournal } from "artesian";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Key } from "../../packages/hub/src/cli/config/config.ts";
import { SETTINGS } from "../../packages/hub/src/cli/config/settings.ts";
import { TIME_RANGES } from "../../packages/hub/src/core/hub-options.ts";
import { LIMIT_RANGES } from "../../packages/hub/src/core/limits.ts";
import type { Range } from "../../packages/hub/src/core/range.ts";
import { CONNECTION_RANGES } from "../../packages/hub/src/http/admission/connections.ts";
import { SETTING_OF_LIMIT } from "../support/limit-settings.ts";

const SECRET = "a secret of at least thirty-two bytes";
const ISSUERS = [{ issuer: "https://issuer.example", keys: [{ algorithms: ["HS256"], secret: SECRET }] }];

/** Makes a hub of options whose types nothing has checked. */
function create(options: unknown): void {
  const hub = createHub(options as HubOptions);
  onTestFinished(() => hub.close());
}

function refusal(options: unknown): string {
  try {
    create(options);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
  throw new Error("They were accepted.");
}

describe("createHub refuses, with the remedy,", () => {
  it.each<[name: string, options: unknown, message: RegExp]>([
    ["no options at all", null, /null; it must be an object/],
    ["a URL instead of options", "https://example.com/hub", /a text; it must be an object/],
    ["a time in seconds", { heartbeatMs: 25 }, /`heartbeatMs` is 25; .* from 100 to 55000\. If 25 seconds are meant, write 25000\./],
    ["a time with its unit", { drainMs: "5s" }, /`drainMs` is "5s"; it must be a whole number of milliseconds/],
    ["an endless time", { lifetimeMs: Infinity }, /`lifetimeMs` is Infinity/],
    ["no number", { writeStallMs: NaN }, /`writeStallMs` is NaN/],
    ["a fraction", { connections: 1.5 }, /`connections` is 1\.5; it must be a whole number of streams/],
    ["a negative number", { connectionsPerAddress: -1 }, /`connectionsPerAddress` is -1/],
    ["nothing, as null", { heartbeatMs: null }, /`heartbeatMs` is null/],
    ["one delay for both", { retryMs: 1000 }, /`retryMs` is a number; it must be an object, such as \{ min: 1000, max: 5000 \}/],
    ["half a delay", { retryMs: { min: 1000 } }, /`retryMs\.max` is undefined/],
    ["delays in the wrong order", { retryMs: { min: 5000, max: 1000 } }, /`retryMs` has a `max` that is less than its `min`/],
    ["a name without its unit", { heartbeat: 25_000 }, /no `heartbeat`\. Write `heartbeatMs`/],
    ["a name in the singular", { corsOrigin: ["https://a.example"] }, /no `corsOrigin`\. Write `corsOrigins`/],
    ["a misspelt name", { anonymuos: true }, /no `anonymuos`\. Write `anonymous`/],
    ["a name in another case", { anonymouspublish: true }, /no `anonymouspublish`\. Write `anonymousPublish`/],
    ["an unknown name", { port: 3000 }, /no `port`\. Known are .*`heartbeatMs`/],
    ["a misspelt limit", { limits: { bodyByte: 2048 } }, /`limits` has no `bodyByte`\. Write `bodyBytes`/],
    ["limits that are none", { limits: 2048 }, /`limits` is a number/],
    ["a limit with a unit", { limits: { bodyBytes: "1MiB" } }, /`limits\.bodyBytes` is "1MiB"; it must be a whole number of bytes/],
    ["a URL with a long password", { url: `https://user:${"S3cret".repeat(20)}@hub` }, /^(?!.*S3cret)/],
    ["a URL with a slash in its password", { url: "https://user:S3/cret@hub" }, /^(?!.*cret)/],
    ["text for yes", { anonymous: "false" }, /`anonymous` is "false"; it must be true or false/],
    ["a number for yes", { subscriptions: 1 }, /`subscriptions` is 1/],
    [
      "an origin with a slash",
      { corsOrigins: ["https://a.example/"] },
      /`corsOrigins\[0\]` is "https:\/\/a\.example\/"; .*Write https:\/\/a\.example/,
    ],
    ["an origin with a path", { publishOrigins: ["https://a.example/app"] }, /`publishOrigins\[0\]` .*Write https:\/\/a\.example\./],
    ["an origin with its usual port", { corsOrigins: ["https://a.example:443"] }, /Write https:\/\/a\.example,/],
    ["an origin in capitals", { corsOrigins: ["https://A.example"] }, /Write https:\/\/a\.example,/],
    ["a host without a scheme", { corsOrigins: ["a.example"] }, /`corsOrigins\[0\]` is "a\.example"/],
    ["a wildcard in a host", { corsOrigins: ["https://*.a.example"] }, /`corsOrigins\[0\]`/],
    ["the origin null", { corsOrigins: ["null"] }, /`corsOrigins\[0\]` is "null"/],
    [
      "proxies that are everyone",
      { trustedProxies: ["10.0.0.1", "0.0.0.0/0"] },
      /`trustedProxies\[1\]` is "0\.0\.0\.0\/0"; it must be an address or a network/,
    ],
    ["any origin for publishing", { publishOrigins: ["*"] }, /`publishOrigins\[0\]` is "\*"/],
    ["one origin outside a list", { corsOrigins: "https://a.example" }, /`corsOrigins` is a text; it must be a list/],
    ["no issuers", { authorization: { issuers: [] } }, /`authorization\.issuers` is empty\. Every token would be refused/],
    ["authorization without issuers", { authorization: {} }, /`authorization\.issuers` is undefined/],
    ["an issuer outside a list", { authorization: { issuers: ISSUERS[0] } }, /`authorization\.issuers` is an object; it must be a list/],
    ["a misspelt name", { authorization: { issuer: ISSUERS } }, /`authorization` has no `issuer`\. Write `issuers`/],
    ["an issuer without keys", { authorization: { issuers: [{ issuer: "a", keys: [] }] } }, /`authorization\.issuers\[0\]\.keys` is empty/],
    [
      "an issuer without name",
      { authorization: { issuers: [{ ...ISSUERS[0], issuer: "" }] } },
      /`authorization\.issuers\[0\]\.issuer` is ""/,
    ],
    [
      "a misspelt name of a key",
      { authorization: { issuers: [{ issuer: "a", keys: [{ algorithms: ["HS256"], secrets: SECRET }] }] } },
      /`authorization\.issuers\[0\]\.keys\[0\]` has no `secrets`\. Write `secret`/,
    ],
    [
      "an algorithm outside a list",
      { authorization: { issuers: [{ issuer: "a", keys: [{ algorithms: "HS256", secret: SECRET }] }] } },
      /algorithms` is a text/,
    ],
    [
      "a path as secret",
      { authorization: { issuers: [{ issuer: "a", keys: [{ algorithms: ["HS256"], secret: "/run/secrets/hub/key-of-the-issuer" }] }] } },
      /path of a file/,
    ],
    [
      "a relative identifier",
      { authorization: { issuers: ISSUERS, resourceIdentifier: "/hub" } },
      /`authorization\.resourceIdentifier` is "\/hub"/,
    ],
    ["a cookie's name with a space", { authorization: { issuers: ISSUERS, cookieName: "a b" } }, /`authorization\.cookieName` is "a b"/],
    ["a leeway past its bound", { authorization: { issuers: ISSUERS, leewayMs: 300_001 } }, /`authorization\.leewayMs` is 300001/],
    ["a relative URL", { url: "/.well-known/mercure" }, /`url` is "\/\.well-known\/mercure"; .*absolute/],
    ["a URL without path", { url: "https://example.com" }, /`url` is "https:\/\/example\.com"; .*path/],
    ["a URL with a query", { url: "https://example.com/hub?a=b" }, /`url`/],
    ["a URL of another kind", { url: "ws://example.com/hub" }, /`url`/],
    ["the name of a journal", { journal: "log:data" }, /`journal` is "log:data"; it must be a journal, such as memoryJournal\(\)/],
    ["a promise of a journal", { journal: Promise.resolve(memoryJournal()) }, /`journal` is a promise, which must be awaited/],
    ["the maker of a journal", { journal: memoryJournal }, /`journal` is a function/],
    ["half a logger", { logger: { error: () => undefined } }, /`logger` .*debug, info, warn and error/],
    ["text for compression", { compression: "gzip" }, /`compression` is "gzip"/],
    ["a path without its slash", { path: "live" }, /`path` is "live"; .*such as \/live/],
    ["a path with a slash at its end", { path: "/live/" }, /`path` is "\/live\/"/],
    ["a URL for a path", { path: new URL("https://example.com/live") }, /`path` is an object/],
    ["a short secret for opaque ids", { opaqueIds: "short" }, /`opaqueIds` is a text; it must be a secret of at least 32 bytes/],
    ["a path for opaque ids", { opaqueIds: "/run/secrets/the-secret-of-opaque-ids" }, /`opaqueIds` is a text; .*not the path of a file/],
    ["another version", { compat: "0.14" }, /`compat` is "0\.14"; it must be "0\.x"/],
    [
      "a topic for a matcher",
      { reservedTopics: ["/prices"] },
      /`reservedTopics\[0\]` is a text; .*\{ type: "exact", pattern: "\/prices" \}/,
    ],
    ["an unknown kind of matcher", { reservedTopics: [{ type: "glob", pattern: "/prices/*" }] }, /`reservedTopics\[0\]\.type` is "glob"/],
    ["half a limit of resets", { streamResets: { burst: 5 } }, /`streamResets\.perSecond` is undefined/],
  ])("%s: %j", (_, options, message) => {
    expect(refusal(options)).toMatch(message);
  });

  it("everything that is wrong at once", () => {
    expect(refusal({ heartbeatMs: 1, anonymous: 1, prot: 1 }).split("\n")).toEqual([
      expect.stringContaining("`heartbeatMs`"),
      expect.stringContaining("`anonymous`"),
      expect.stringContaining("`prot`"),
    ]);
  });

  it("no secret is repeated", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    for (const issuers of [
      SECRET,
      [SECRET],
      [{ issuer: "a", keys: SECRET }],
      [{ issuer: "a", keys: [SECRET] }],
      [{ issuer: "a", keys: [{ algorithms: SECRET, secret: SECRET }] }],
      [{ issuer: "a", keys: [{ algorithms: ["HS256"], secret: [SECRET] }] }],
      [{ issuer: "a", keys: [{ algorithms: ["ES256"], jwks: SECRET }] }],
      [{ issuer: "a", keys: [{ algorithms: ["ES256"], publicKey: [pem] }] }],
    ]) {
      const message = refusal({ authorization: { issuers } });
      expect(message).not.toContain(SECRET);
      expect(message).not.toContain("PRIVATE KEY");
    }
    expect(refusal({ url: "https://me:password@example.com/hub" })).not.toContain("password");
  });
});

it("createHub accepts valid options, and undefined for omitted ones", () => {
  const names = ["journal", "url", "limits", "heartbeatMs", "retryMs", "authorization", "corsOrigins", "logger", "compat", "streamResets"];
  create(Object.fromEntries(names.map((name) => [name, undefined])));
  create({ logger: console, corsOrigins: ["*"], connectionsPerSecond: Infinity, compression: 0, compat: "0.x" });
  create({
    url: "https://example.com/live/hub",
    limits: { bodyBytes: 2048, idBytes: undefined },
    retryMs: { min: 0, max: 0 },
    authorization: { issuers: ISSUERS, resourceIdentifier: "urn:hub", cookieName: "token" },
    corsOrigins: ["https://a.example", "http://localhost:8080", "http://[::1]:3000"],
    reservedTopics: [{ type: "urlpattern", pattern: "/prices/*" }],
    apiDescription: true,
    streamResets: { burst: Infinity, perSecond: 0.5 },
    trustedProxies: ["10.0.0.0/8", "2001:db8::1"],
  });
});

describe("the library and the command have one range for", () => {
  const rows: [name: string, key: Key, range: Range, options: (value: number) => object][] = [
    ...(Object.entries(SETTING_OF_LIMIT) as [keyof Limits, Key][]).map(([name, key]): (typeof rows)[number] => [
      `limits.${name}`,
      key,
      LIMIT_RANGES[name],
      // What is held is at least twice the largest body, and what is read four times.
      (value) => ({
        limits: { heldBytes: 2 ** 40, pendingBodyBytes: 2 ** 40, ...(name !== "bodyBytes" && { bodyBytes: 1024 }), [name]: value },
      }),
    ]),
    ["heartbeatMs", "heartbeat", TIME_RANGES.heartbeatMs, (heartbeatMs) => ({ heartbeatMs })],
    ["lifetimeMs", "maxLifetime", TIME_RANGES.lifetimeMs, (lifetimeMs) => ({ lifetimeMs })],
    ["retryMs.min", "retryMin", TIME_RANGES.retryMs, (min) => ({ retryMs: { min, max: 3_600_000 } })],
    ["retryMs.max", "retryMax", TIME_RANGES.retryMs, (max) => ({ retryMs: { min: 0, max } })],
    ["writeStallMs", "writeStall", TIME_RANGES.writeStallMs, (writeStallMs) => ({ writeStallMs })],
    ["drainMs", "drain", TIME_RANGES.drainMs, (drainMs) => ({ drainMs })],
    ["subscriptionLeaseMs", "subscriptionLease", TIME_RANGES.subscriptionLeaseMs, (subscriptionLeaseMs) => ({ subscriptionLeaseMs })],
    ["connections", "maxConnections", CONNECTION_RANGES.connections, (connections) => ({ connections })],
    [
      "connectionsPerAddress",
      "maxConnectionsPerAddress",
      CONNECTION_RANGES.connectionsPerAddress,
      (connectionsPerAddress) => ({ connectionsPerAddress }),
    ],
    [
      "connectionsPerSecond",
      "maxConnectionRate",
      CONNECTION_RANGES.connectionsPerSecond,
      (connectionsPerSecond) => ({ connectionsPerSecond }),
    ],
    [
      "connectionsPerSecondPerAddress",
      "maxConnectionRatePerAddress",
      CONNECTION_RANGES.connectionsPerSecondPerAddress,
      (connectionsPerSecondPerAddress) => ({ connectionsPerSecondPerAddress }),
    ],
  ];
  it.each(rows)("%s and %s", (name, key, [least, most], options) => {
    for (const value of [least, most]) {
      create(options(value));
      expect(SETTINGS[key].schema.parse(String(value))).toBe(value);
    }
    for (const value of [least - 1, most + 1]) {
      expect(refusal(options(value))).toContain(`\`${name}\` is ${value}; it must be a whole number`);
      expect(SETTINGS[key].schema.safeParse(String(value)).success).toBe(false);
    }
  });
});
