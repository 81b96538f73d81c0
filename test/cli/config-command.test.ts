import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fileSchema } from "../../packages/hub/src/cli/config/file-schema.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { runToEnd } from "./command.ts";

const SECRET = "a secret of thirty-two bytes or more";

interface Verdict {
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Runs `config check` with a file, and compares its text with its JSON. */
async function check(
  settings: unknown,
  args: readonly string[] = [],
  env: Record<string, string> = {},
  cwd = temporaryDirectory(),
): Promise<Verdict> {
  if (settings !== undefined) writeFileSync(join(cwd, "artesian.json"), typeof settings === "string" ? settings : JSON.stringify(settings));
  const { code, stdout, stderr } = await runToEnd(["config", "check", "--json", ...args], { cwd, env });
  expect(stderr).toBe("");
  const verdict = JSON.parse(stdout) as Verdict;
  expect(code).toBe(verdict.ok ? 0 : 1);
  expect(verdict.ok).toBe(verdict.problems.length === 0);
  return verdict;
}

describe("config check", () => {
  test("says every problem with its place and the correction, and exits with 1", async () => {
    const { problems } = await check({ maxTopics: "many", heartbaet: 1 }, ["--port", "http"], { ARTESIAN_DRAIN: "soon" });
    expect(problems).toEqual([
      expect.stringMatching(/^artesian\.json: there is no setting "heartbaet"/),
      expect.stringMatching(/^--port: "http" is not a port: a whole number from 0 to 65,535\./),
      expect.stringMatching(/^ARTESIAN_DRAIN: "soon" is not a duration .* Write it like/),
    ]);
    const { problems: ofValues } = await check({ maxTopics: "many", retryMin: "9s" });
    expect(ofValues).toEqual([expect.stringContaining("artesian.json: maxTopics: "), expect.stringContaining("artesian.json: retryMin: ")]);
    expect((await check('{"port": 1')).problems).toEqual([expect.stringContaining("artesian.json: not JSON")]);
  });

  test("looks at all keys, directories and clients, without a secret in its words", async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "key.pem"), "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    writeFileSync(join(cwd, "data"), "");
    const { problems } = await check(
      {
        issuer: "https://a.example",
        jwtKey: "file:key.pem",
        publisherJwtKey: "short secret",
        issuers: [{ issuer: "https://b.example", keys: [{ algorithms: ["ES256"], jwksFile: "nowhere.json" }] }],
        opaqueIds: "file:ids.secret",
      },
      [],
      {},
      cwd,
    );
    expect(problems).toEqual([
      expect.stringContaining("issuers[0].keys[0]: nowhere.json: there is no such file."),
      expect.stringMatching(/jwtKey in the file\): key\.pem: the PEM cannot be read/),
      expect.stringMatching(/publisherJwtKey in the file\): .*at least 32 bytes/),
      expect.stringContaining("ids.secret: there is no such file."),
      expect.stringMatching(/--data .*data is no directory\. Name another/),
    ]);
    expect(JSON.stringify(problems)).not.toMatch(/short secret|AAAA/);
  });

  test("refuses what serve refuses: no key, workers on a journal in memory", async () => {
    expect((await check({})).problems).toEqual([expect.stringContaining("artesian keys create")]);
    const { problems } = await check({ anonymousPublish: true, workers: 2, journal: "memory" });
    expect(problems).toEqual([expect.stringMatching(/--workers .*journal in memory/)]);
  });

  test("exits with 0 if serve takes the settings, with warnings, and makes nothing", async () => {
    const cwd = temporaryDirectory();
    expect((await runToEnd(["keys", "create"], { cwd })).code).toBe(0);
    chmodSync(join(cwd, "data", "keys.json"), 0o644);
    const { problems, warnings } = await check({ compat: "0.x", opaqueIds: "on" }, [], { ARTESIAN_DATE: "x" }, cwd);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      expect.stringContaining("Write ARTESIAN_DATA."),
      expect.stringContaining("chmod 600"),
      expect.stringContaining("--compat 0.x weakens authorization"),
    ]);
    const text = await runToEnd(["config", "check"], { cwd });
    expect(text).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^warning: .*\nwarning: .*\nok: artesian serve takes these settings\.\n$/),
    });
    expect(() => readFileSync(join(cwd, "data", "ids-keys.json"))).toThrow("ENOENT");
    expect(() => readFileSync(join(cwd, "data", "journal"))).toThrow("ENOENT");
  });
});

describe("config print", () => {
  const settings = {
    port: 4000,
    maxTopics: 7,
    issuers: [{ issuer: "https://a.example", keys: [{ algorithms: ["HS256"], secret: SECRET }] }],
  };
  const env = {
    ARTESIAN_PORT: "5000",
    ARTESIAN_JOURNAL: "redis://user:pass@host:6379/1",
    ARTESIAN_JWT_KEY: SECRET,
    ARTESIAN_HEARTBEAT: "20000",
  };

  test("each value comes with its source, and no secret", async () => {
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, "data"));
    writeFileSync(join(cwd, "artesian.json"), JSON.stringify(settings));
    const args = ["config", "print", "--port", "6000"];
    const given = JSON.parse((await runToEnd([...args, "--json"], { cwd, env })).stdout) as Record<string, unknown>;
    expect(given).toEqual({
      port: { value: 6000, source: "flag", place: "--port" },
      jwtKey: { value: "(hidden)", source: "variable", place: "ARTESIAN_JWT_KEY" },
      journal: { value: "redis://(hidden)@host:6379/1", source: "variable", place: "ARTESIAN_JOURNAL" },
      heartbeat: { value: "20s", source: "variable", place: "ARTESIAN_HEARTBEAT" },
      maxTopics: { value: 7, source: "file", place: "artesian.json: maxTopics" },
      issuers: {
        value: [{ issuer: "https://a.example", keys: [{ actions: ["publish", "subscribe"], algorithms: ["HS256"], secret: "(hidden)" }] }],
        source: "file",
        place: "artesian.json: issuers",
      },
    });
    const effective = JSON.parse((await runToEnd([...args, "--effective", "--json"], { cwd, env })).stdout) as Record<string, unknown>;
    expect(effective).toMatchObject({
      ...given,
      host: { value: "127.0.0.1", source: "default" },
      drain: { value: "5s", source: "default" },
    });
    const { stdout } = await runToEnd([...args, "--effective"], { cwd, env });
    expect(stdout).toContain("port = 6000  (flag --port)\n");
    expect(stdout).toContain('heartbeat = "20s"  (variable ARTESIAN_HEARTBEAT)\n');
    expect(stdout).toContain("retentionBytes = 1GiB; 64MiB in memory, 256MiB on Redis  (default)\n");
    for (const text of [stdout, JSON.stringify([given, effective])]) expect(text).not.toMatch(/a secret|pass@|user:/);
  });
});

test("config schema prints the schema that is in the package", async () => {
  const { stdout } = await runToEnd(["config", "schema"]);
  expect(JSON.parse(stdout)).toEqual(fileSchema());
  expect(readFileSync(new URL("../../packages/hub/dist/artesian.schema.json", import.meta.url), "utf8")).toBe(stdout);
});
