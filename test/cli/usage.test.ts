import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { KEYS, flagOf } from "../../packages/hub/src/cli/config/settings.ts";
import { messagesIn, runToEnd, send, start, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";

describe("help", () => {
  test.each([
    "",
    "serve",
    "demo",
    "publish",
    "subscribe",
    "keys",
    "keys create",
    "keys list",
    "keys add",
    "keys rotate",
    "keys remove",
    "config",
    "config check",
    "config print",
    "config schema",
    "token",
    "token mint",
    "token inspect",
    "journal",
    "journal backup",
    "journal restore",
    "doctor",
    "journal info",
    "journal tail",
  ])("%s --help has examples, and ends well", async (command) => {
    const { code, stdout, stderr } = await runToEnd([...command.split(" ").filter(Boolean), "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Usage: artesian");
    expect(stdout).toMatch(/Examples:\n {2}(?:npx )?artesian/);
    expect(stderr).toBe("");
  });

  test("serve --help and demo --help name every flag of theirs, and no other's", async () => {
    const OF_DEMO = ["bot", "botFirstToken", "botNextToken", "botAnswer", "quotes", "feed", "privateFeeds"];
    const OF_SERVE = [
      "adminHost",
      "adminPort",
      "anonymous",
      "anonymousPublish",
      "lameDuck",
      "maxHttp2Streams",
      "tlsCert",
      "tlsKey",
      "tracing",
      "workers",
    ];
    for (const [command, others] of [
      ["serve", OF_DEMO],
      ["demo", OF_SERVE],
    ] as const) {
      const { stdout } = await runToEnd([command, "--help"]);
      for (const key of KEYS) expect([key, stdout.includes(`  ${flagOf(key)} `)]).toEqual([key, !others.includes(key)]);
    }
  });

  test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
    expect(await runToEnd(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test.each([[["--help"]], [["serve", "--help"]], [["--version"]], [["serve", "--bogus"]], [["token", "mint"]], [["keys", "create"]]])(
    "%j whose readers have gone ends quietly",
    async (args) => {
      for (const closed of [["stdout"], ["stderr"], ["stdout", "stderr"]] as const) {
        const run = start(args);
        for (const stream of closed) run.child[stream].destroy();
        // Of a wrong call, the exit code is all that is left.
        expect(await run.exit).toBe(args.includes("--bogus") || args[0] === "token" ? 2 : 0);
        for (const text of [run.stdout, run.stderr]) expect(text).not.toMatch(/EPIPE|node:|\n {4}at /);
      }
    },
  );

  test("without a command, the help is an error", async () => {
    const { code, stderr } = await runToEnd([]);
    expect(code).toBe(2);
    expect(stderr).toContain("Usage: artesian");
  });
});

describe("a wrong call", () => {
  test.each([
    [["serve", "--prot", "1"], "--prot", "--port"],
    [["serve", "--port"], "--port", "missing"],
    [["serve", "--port", "http"], "--port", "0 to 65,535"],
    [["serve", "--heartbeat", "10x"], "--heartbeat", "10s"],
    [["serve", "--config", "nowhere.json"], "--config", "no such file"],
    [["serve", "extra"], "serve", "too many arguments"],
    [["serve", "--host", "0.0.0.0"], "artesian keys create", "--anonymous-publish"],
    [["serve", "--jwt-key", "x".repeat(32)], "--issuer", "https://example.com"],
    [["serve", "--issuer", "https://example.com"], "--issuer", "--jwt-key"],
    [["serve", "--issuer", "https://example.com", "--jwt-key", "short"], "--jwt-key", "at least 32 bytes"],
    [["serve", "--issuer", "https://example.com", "--jwt-key", "file:nowhere.pem"], "--jwt-key", "no such file"],
    [["serve", "--issuer", "https://example.com", "--jwt-key", "https://example.com/jwks"], "--jwt-key", "--jwt-alg ES256"],
    [["serve", "--cors-origin", "example.com"], "--cors-origin", "https://example.com"],
    [["keys"], "keys", "create"],
    [["keys", "create", "--alg", "none"], "--alg", "ES256"],
    [["keys", "list"], "keys.json", "artesian keys create"],
    [["keys", "add"], "keys.json", "artesian keys create"],
    [["keys", "add", "--alg", "none"], "--alg", "ES256"],
    [["keys", "rotate"], "keys.json", "artesian keys create"],
    [["keys", "remove"], "kid", "missing"],
    [["config"], "config", "check"],
    [["config", "check", "--prot", "1"], "--prot", "--port"],
    [["config", "check", "--bot", "none"], "--bot", "config check --help"],
    [["config", "print", "--port", "http"], "--port", "0 to 65,535"],
    [["journal"], "journal", "restore"],
    [["journal", "backup"], "directory", "missing"],
    [["journal", "restore", "--journal", "memory"], "--journal", "memory"],
    [["token"], "token", "mint"],
    [["token", "mint"], "--publish", "--subscribe"],
    [["token", "mint", "--publish", "a"], "no key", "artesian keys create"],
    [["token", "mint", "--publish", "a", "--payload", "{}"], "--payload", "--subscribe"],
    [["token", "mint", "--subscribe", "a", "--payload", "[]"], "--payload", "object"],
    [["token", "mint", "--publish", "a", "--lifetime", "0"], "--lifetime", "1s"],
    [["token", "inspect"], "token", "empty"],
    [["publish", "--topic", "a", "--token", "a b", "c"], "--token", "mint"],
    [["publish", "--topic", "a", "--token", "/run/secrets/token", "c"], "--token", "path of a file"],
    [["subscribe", "a", "--token", "file:token.txt"], "--token", "path of a file"],
    [["serve", "--issuer", "https://example.com", "--jwt-key", "/etc/keys/issuer.pem"], "--jwt-key", "file:PATH"],
    [["token", "mint", "--publish", "a", "--issuer", "https://example.com", "--jwt-key", "/etc/keys/issuer.pem"], "--jwt-key", "file:PATH"],
    [["demo", "--host", "0.0.0.0"], "--host", "artesian serve"],
    [["demo", "--bot", "parrot"], "--bot", "embedded"],
    [["serev"], "serev", "serve"],
    [["publish", "hello"], "--topic", "greeting"],
    [["publish", "--topic", "a", "--data", "b", "c"], "--data", "twice"],
    [["publish", "--topic", "a", "--retry", "soon", "b"], "--retry", "10s"],
    [["publish", "--topic", "a", "--url", "nowhere", "b"], "--url", "http"],
    [["publish", "--topic", "a", "--url", "http://u:p@h/", "b"], "--url", "password"],
    [["publish", "--ndjson", "--topic", "a"], "--ndjson", "--topic"],
    [["publish", "--topic", "a", "--id", "1"], "--id", "lines"],
    [["subscribe", "--count", "0"], "--count", "1 to"],
    [["subscribe", "--earliest", "--last-event-id", "1"], "--earliest", "--last-event-id"],
  ])("%j: the error names %s", async (args, flag, hint) => {
    const { code, stdout, stderr } = await runToEnd(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    const isServer = args[0] === "serve" || args[0] === "demo";
    if (!isServer) expect(stderr).toMatch(/^(error: |Usage: )/);
    const told = isServer ? messagesIn(stderr) : stderr;
    expect(told).toContain(flag);
    expect(told).toContain(hint);
  });

  test("a wrong variable is named", async () => {
    const { code, stderr } = await runToEnd(["serve"], { env: { ARTESIAN_PORT: "tcp://10.0.0.1:80" } });
    expect(code).toBe(2);
    expect(stderr).toContain("ARTESIAN_PORT: ");
    const url = await runToEnd(["subscribe"], { env: { ARTESIAN_URL: "nowhere" } });
    expect(url.code).toBe(2);
    expect(url.stderr).toContain("ARTESIAN_URL: ");
  });
});

describe("a variable that is misspelt", () => {
  const env = { ARTESIAN_TOKN: "secret" };

  test.each([
    [["publish", "--topic", "a", "--url", "http://127.0.0.1:1", "--give-up-after", "1ms", "b"]],
    [["subscribe", "--url", "nowhere"]],
    [["source", "lines", "--topic", "a", "--once", "--url", "nowhere"]],
    [["keys", "create"]],
    [["keys", "list"]],
    [["config", "print"]],
    [["keys", "rotate"]],
    [["token", "mint", "--publish", "a"]],
    [["token", "inspect"]],
    [["token", "revoke", "--jti", "a"]],
    [["journal", "backup", "there"]],
    [["journal", "restore"]],
    [["journal", "info"]],
    [["journal", "tail"]],
  ])("is warned of by %j", async (args) => {
    const { stderr } = await runToEnd(args, { env });
    expect(stderr).toMatch(/^warning: There is no variable ARTESIAN_TOKN, so it has no effect\. Write ARTESIAN_TOKEN\.\n/);
    expect(stderr).not.toContain("secret");
  });

  test("is no concern of help and of the version", async () => {
    for (const args of [["--version"], ["--help"], ["publish", "--help"]]) expect((await runToEnd(args, { env })).stderr).toBe("");
  });
});

test("flags, variables and the file make one configuration", async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, "artesian.json"), JSON.stringify({ journal: "memory", maxBodyBytes: "1KiB", path: "/file" }));
  const { hub, url } = await startServer(["--path", "/hub"], { cwd, env: { ARTESIAN_PATH: "/variable", ARTESIAN_MAX_TOPICS: "1" } });
  const form = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" } };
  expect((await send(`${url}/hub`, form, "topic=a")).status).toBe(200);
  expect((await send(`${url}/variable`, form, "topic=a")).status).toBe(404);
  expect((await send(hub, form, "topic=a&topic=b")).status).toBe(413);
  expect((await send(hub, form, `topic=a&data=${"x".repeat(1024)}`)).status).toBe(413);
});
