import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fileSchema } from "../../../packages/hub/src/cli/config/file-schema.ts";
import { resolveConfig } from "../../../packages/hub/src/cli/config/load.ts";
import { defaultOf, KEYS, SETTINGS } from "../../../packages/hub/src/cli/config/settings.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const validate = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, strictTypes: false }).compile(fileSchema());
const SECRET = "a secret of thirty-two bytes or more";

/** The command's verdict on a file, and the schema's. */
function verdicts(settings: unknown): { readonly command: boolean; readonly schema: boolean } {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, "artesian.json"), JSON.stringify(settings));
  const { config } = resolveConfig({ flags: {}, env: {}, cwd });
  return { command: config !== undefined, schema: validate(settings) };
}

const issuer = (keys: unknown): object => ({ issuers: [{ issuer: "https://a.example", keys }] });

describe("the JSON Schema of artesian.json", () => {
  test("is a schema, and describes every setting", () => {
    const { properties } = fileSchema() as { properties: Record<string, { description?: string }> };
    expect(Object.keys(properties)).toEqual(["$schema", ...KEYS, "issuers"]);
    for (const [key, { description }] of Object.entries(properties)) expect(description, key).toMatch(/\w\.$/);
  });

  test.each([
    {},
    { $schema: "./node_modules/artesian/dist/artesian.schema.json" },
    { port: 8080, host: "::1", publicUrl: "https://events.example.com", path: "/live" },
    { port: "8080", anonymous: true, anonymousPublish: "false", subscriptions: 1 },
    { heartbeat: "10s", maxLifetime: 60_000, drain: "1.5m", retentionAge: "none", retentionCount: "1_000" },
    { maxBodyBytes: "2MiB", maxHeldBytes: 2 ** 27, maxTopics: 7, maxConnectionRate: "none" },
    { corsOrigin: "https://a.example, https://b.example", publishOrigin: ["https://a.example"], trustedProxies: ["10.0.0.0/8", "::1"] },
    { corsOrigin: [], feed: ["https://a.example/feed"], logLevel: "debug", workers: "auto", compat: "0.x" },
    { journal: "memory" },
    { journal: "log:/var/lib/x", opaqueIds: true },
    { journal: "redis+sentinel://a:1,b:2/0", opaqueIds: "file:ids.secret", jwtAlg: "ES256" },
    { issuer: "https://a.example", jwtKey: "file:key.pem", publisherJwtKey: SECRET },
    issuer([{ algorithms: ["ES256"], jwksUrl: "https://a.example/jwks" }]),
    issuer([{ actions: ["publish"], algorithms: ["HS256"], secretFile: "/run/secrets/hub" }]),
  ])("%j is right for both", (settings) => {
    expect(verdicts(settings)).toEqual({ command: true, schema: true });
  });

  test.each([
    [],
    "text",
    { prot: 1 },
    { port: "http" },
    { port: 70_000 },
    { port: true },
    { port: -1 },
    { host: "" },
    { host: 5 },
    { path: "live" },
    { heartbeat: "10x" },
    { heartbeat: 1 },
    { heartbeat: {} },
    { retentionAge: "never" },
    { maxBodyBytes: "1 acre" },
    { maxTopics: [7] },
    { maxTopicLength: 63 },
    { maxTopics: "7.5" },
    { anonymous: "yes" },
    { corsOrigin: [5] },
    { trustedProxies: [""] },
    { logLevel: "loud" },
    { compat: "1.0" },
    { jwtAlg: "none" },
    { jwtKey: "" },
    { jwtKey: 5 },
    { journal: "postgres://a" },
    { workers: 0 },
    { opaqueIds: "maybe" },
    { cookieName: "a b" },
    { publicUrl: "events.example.com" },
    { issuers: {} },
    { issuers: [{ issuer: "https://a.example" }] },
    issuer([]),
    issuer([{ algorithms: [], secret: SECRET }]),
    issuer([{ algorithms: ["ES256"] }]),
    issuer([{ algorithms: ["ES256"], jwksUrl: "https://a.example", secret: SECRET }]),
    issuer([{ algorithms: ["ES256"], jwksUrl: "https://a.example", use: "sig" }]),
    issuer([{ algorithms: ["ES256"], jwksUrl: "https://a.example", actions: ["read"] }]),
  ])("%j is wrong for both", (settings) => {
    expect(verdicts(settings)).toEqual({ command: false, schema: false });
  });

  test.each([
    ["a bound of a text with a unit", { heartbeat: "10d" }],
    ["a bound between two settings", { retryMin: "5s", retryMax: "1s" }],
    ["an origin with a path", { corsOrigin: ["https://a.example/path"] }],
    ["a path in the place of a secret", { jwtKey: "/etc/key.pem" }],
  ])("only the command knows of %s", (_, settings) => {
    expect(verdicts(settings)).toEqual({ command: false, schema: true });
  });

  const values = fc.oneof(
    fc.boolean(),
    fc.integer({ min: -10, max: 2 ** 31 }),
    fc.string(),
    fc.constant(null),
    fc
      .tuple(fc.nat(100_000), fc.constantFrom("", "ms", "s", "M", " h", "d", "b", "KB", "mib", " GiB", "k"))
      .map(([number, unit]) => `${number}${unit}`),
    fc.constantFrom("none", "auto", "true", "0", "memory", "https://a.example", "file:key", "/a", "*", "0.x", "on", "info", "ES256"),
    fc.array(fc.oneof(fc.string(), fc.constantFrom("https://a.example", "10.0.0.0/8", "*")), { maxLength: 3 }),
  );

  test("refuses nothing that the command takes, value by value", () => {
    fc.assert(
      fc.property(fc.constantFrom(...KEYS), values, (key, value) => {
        const isTaken = value !== undefined && SETTINGS[key].schema.safeParse(value).success;
        if (isTaken) expect([key, value, validate({ [key]: value })]).toEqual([key, value, true]);
      }),
      { numRuns: 5000, seed: 19 },
    );
  });

  test("takes the default of each setting that has one in the form of the file", () => {
    for (const key of KEYS) {
      const { fallback } = SETTINGS[key];
      if (typeof fallback === "object" || fallback === undefined) continue;
      expect([key, validate({ [key]: typeof fallback === "number" ? defaultOf(key) : fallback })]).toEqual([key, true]);
    }
  });
});
