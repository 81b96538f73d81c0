import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Config, Key } from "../../../packages/hub/src/cli/config/config.ts";
import { type SettingFlags, withSettings } from "../../../packages/hub/src/cli/config/flags.ts";
import { loadConfig, type Sources } from "../../../packages/hub/src/cli/config/load.ts";
import { flagOf, KEYS, SETTINGS, variableOf } from "../../../packages/hub/src/cli/config/settings.ts";
import { demoCommand } from "../../../demo/src/command.ts";
import { serveCommand } from "../../../packages/hub/src/cli/serve/command.ts";
import { tokenCommand } from "../../../packages/hub/src/cli/token/command.ts";

/** Of each setting: a value as people write it, and what it means. Never the default. */
const EXAMPLES: { readonly [K in Key]: readonly [written: string, meant: Config[K]] } = {
  host: ["::1", "::1"],
  port: ["8080", 8080],
  path: ["/live", "/live"],
  publicUrl: ["https://events.example.com", "https://events.example.com"],
  adminPort: ["9090", 9090],
  adminHost: ["10.0.0.1", "10.0.0.1"],
  tlsCert: ["/etc/artesian/cert.pem", "/etc/artesian/cert.pem"],
  tlsKey: ["/etc/artesian/key.pem", "/etc/artesian/key.pem"],
  trustedProxies: ["10.0.0.0/8, 2001:db8::1", ["10.0.0.0/8", "2001:db8::1"]],
  issuer: ["https://example.com", "https://example.com"],
  jwtKey: ["file:issuer.pem", { kind: "file", path: "issuer.pem", holds: undefined }],
  jwtAlg: ["ES256", "ES256"],
  publisherJwtKey: ["https://example.com/jwks.json", { kind: "url", url: "https://example.com/jwks.json" }],
  subscriberJwtKey: ["a secret of thirty-two bytes or more", { kind: "secret", secret: "a secret of thirty-two bytes or more" }],
  resourceIdentifier: ["https://example.com/hub", "https://example.com/hub"],
  tokenLeeway: ["9s", 9000],
  anonymous: ["true", true],
  anonymousPublish: ["true", true],
  subscriptions: ["true", true],
  subscriptionLease: ["20s", 20_000],
  corsOrigin: ["https://a.example", ["https://a.example"]],
  publishOrigin: ["https://b.example", ["https://b.example"]],
  cookieName: ["token", "token"],
  compat: ["0.x", "0.x"],
  data: ["./elsewhere", "./elsewhere"],
  journal: ["memory", { kind: "memory" }],
  retentionAge: ["1h", 3_600_000],
  retentionBytes: ["2MiB", 2 ** 21],
  retentionCount: ["none", "none"],
  opaqueIds: ["on", { kind: "on" }],
  noCompression: ["true", true],
  apiDescription: ["true", true],
  noStrictReader: ["true", true],
  heartbeat: ["10s", 10_000],
  maxLifetime: ["5m", 300_000],
  retryMin: ["2s", 2000],
  retryMax: ["7s", 7000],
  publishedRetryMin: ["2s", 2000],
  publishedRetryMax: ["1m", 60_000],
  asciiIds: ["true", true],
  writeStall: ["9s", 9000],
  drain: ["3s", 3000],
  lameDuck: ["7s", 7000],
  maxBodyBytes: ["2MiB", 2 ** 21],
  maxFormFields: ["99", 99],
  maxQueryBytes: ["2KiB", 2048],
  maxPendingBodyBytes: ["128MiB", 2 ** 27],
  maxTopics: ["11", 11],
  maxBatch: ["12", 12],
  maxBatchTopics: ["120", 120],
  maxMatchers: ["13", 13],
  maxPatterns: ["130", 130],
  maxPatternsPerAddress: ["131", 131],
  maxTopicLength: ["1KiB", 1024],
  maxIdLength: ["64", 64],
  maxIdempotencyKeyLength: ["65", 65],
  maxTokenLength: ["4KiB", 4096],
  maxGrants: ["14", 14],
  maxRevocations: ["15", 15],
  maxScheduled: ["16", 16],
  maxScheduledBytes: ["32MiB", 2 ** 25],
  maxSnapshot: ["17", 17],
  maxSnapshotScans: ["21", 21],
  maxWaitingScans: ["141", 141],
  maxWaitingScansPerAddress: ["142", 142],
  maxReplayUpdates: ["18", 18],
  maxReplayBytes: ["2MiB", 2 ** 21],
  maxPollWait: ["50s", 50_000],
  maxHeldBytes: ["128MiB", 2 ** 27],
  maxPresenceRate: ["21", 21],
  maxPresenceRatePerAddress: ["22", 22],
  maxPresenceHistory: ["230", 230],
  maxConnections: ["19", 19],
  maxConnectionsPerAddress: ["20", 20],
  maxConnectionRate: ["none", "none"],
  maxConnectionRatePerAddress: ["21", 21],
  maxSockets: ["22", 22],
  maxSocketsPerAddress: ["23", 23],
  maxHttp2Streams: ["100", 100],
  maxHeaderBytes: ["8KiB", 8192],
  headersTimeout: ["4s", 4000],
  requestTimeout: ["6s", 6000],
  workers: ["2", 2],
  logLevel: ["debug", "debug"],
  accessLog: ["true", true],
  tracing: ["true", true],
  bot: ["none", "none"],
  botFirstToken: ["2m", 120_000],
  botNextToken: ["8s", 8000],
  botAnswer: ["4m", 240_000],
  quotes: ["none", "none"],
  feed: ["https://example.com/feed.xml", ["https://example.com/feed.xml"]],
  privateFeeds: ["true", true],
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "artesian-settings-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function load(sources: Partial<Sources>): Config {
  return loadConfig({ flags: {}, env: {}, cwd: directory, ...sources });
}

/** What the command makes of its arguments. */
function flagsOf(command: Command, args: readonly string[]): SettingFlags {
  let flags: SettingFlags | undefined;
  command.exitOverride().action((given: SettingFlags) => void (flags = given));
  command.parse(args, { from: "user" });
  if (flags === undefined) throw new Error("The command did not run.");
  return flags;
}

function argumentsOf(key: Key): readonly string[] {
  return SETTINGS[key].placeholder === undefined ? [flagOf(key)] : [flagOf(key), EXAMPLES[key][0]];
}

describe.each(KEYS)("%s", (key) => {
  const [written, meant] = EXAMPLES[key];

  test("means the same by flag, variable and file, and is not the default", () => {
    const expected = { ...load({}), [key]: meant };
    expect(expected).not.toEqual(load({}));
    expect(
      load({
        flags: flagsOf(
          withSettings(new Command(), () => true),
          argumentsOf(key),
        ),
      }),
    ).toEqual(expected);
    expect(load({ env: { [variableOf(key)]: written } })).toEqual(expected);
    writeFileSync(join(directory, "artesian.json"), JSON.stringify({ [key]: written }));
    expect(load({})).toEqual(expected);
  });
});

describe("commands", () => {
  const token = (name: string): Command => {
    const command = tokenCommand().commands.find((child) => child.name() === name);
    if (command === undefined) throw new Error(`There is no command ${name}.`);
    return command;
  };

  test.each([
    ["serve", serveCommand],
    ["demo", demoCommand],
    ["token mint", () => token("mint")],
    ["token inspect", () => token("inspect")],
    ["token revoke", () => token("revoke")],
  ])("every setting that %s has reaches the configuration by its key", (_, create) => {
    const flags = new Set(create().options.map(({ long }) => long));
    const keys = KEYS.filter((key) => flags.has(flagOf(key)));
    expect(keys).toContain("jwtKey");
    for (const key of keys) {
      // The other options of a command, and what it does with its argument, are not of interest here.
      const command = create();
      command.exitOverride();
      command.parseOptions([...argumentsOf(key)]);
      expect(command.opts(), flagOf(key)).toHaveProperty(key);
      expect(load({ flags: command.opts() })[key], flagOf(key)).toEqual(EXAMPLES[key][1]);
    }
  });

  test("without a flag, no setting is given", () => {
    for (const command of [serveCommand(), demoCommand()]) {
      expect(Object.keys(command.opts()).filter((name) => (KEYS as readonly string[]).includes(name))).toEqual([]);
      // A flag that commander takes for a negation has a default of its own, under another name.
      expect(command.opts()).toEqual({});
    }
  });
});
