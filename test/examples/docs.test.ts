import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { mintToken } from "artesian/http";
import { describe, expect, it } from "vitest";
import { startServer, type RunningServer } from "../cli/command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { parsePrometheus } from "../support/prometheus.ts";
import { freePort } from "../support/free-port.ts";
import { listen } from "../support/server.ts";
import { openStream, type TestStream } from "../support/stream.ts";
import { blockOf, blocksOf, run, splitAtServe } from "./markdown.ts";

const KEY = "a-secret-for-the-test-of-32-bytes-or-more";
/** What stands for the reader's own in the pages. */
const EXAMPLE_ID = "urn:uuid:e70ff8d7-59d5-4a92-b0b7-505e8f6d09fa";
const EXAMPLE_SUBSCRIBER = "bb3de268-05b0-4c65-b44e-8f9acefc29d6";
const ISSUER = "https://example.com";

/** Starts a hub with the flags that a block names, and this test's key. */
async function startHub(block: string, ...more: readonly string[]): Promise<RunningServer & { readonly mercure: string }> {
  const { args } = splitAtServe(block);
  const server = await startServer([...args, ...more], { tokens: true, env: { ARTESIAN_JWT_KEY: KEY } });
  return { ...server, mercure: `${server.url}/.well-known/mercure` };
}

/** A stream of what concerns user 42, as that user gets it. */
async function streamOf42(hub: string): Promise<TestStream> {
  const token = await mintToken({
    key: { secret: KEY, algorithm: "HS256" },
    issuer: ISSUER,
    audience: hub,
    subject: "user-42",
    subscribe: [{ topics: [{ type: "exact", pattern: "/users/42" }], payload: undefined }],
    lifetimeSeconds: 60,
  });
  const stream = await openStream(`${hub}?match=/users/42`, { headers: { Authorization: `Bearer ${token}` } });
  expect(stream.response.status).toBe(200);
  return stream;
}

/** A session's text for a server on another port. */
const onPort = (code: string, { url }: RunningServer): string => code.replaceAll("127.0.0.1:3000", new URL(url).host);

const authorization = (language: string, index = 0): string => blockOf("guides/authorization.md", language, index);

/** A token with all rights from the command. */
async function mint(cwd: string, server: RunningServer, ...args: readonly string[]): Promise<string> {
  const rights = args.length === 0 ? "--subscribe '*'" : args.join(" ");
  const output = await run("sh", `npx artesian token mint ${rights}\n`, { ARTESIAN_PORT: new URL(server.url).port }, cwd).output;
  return output.trim();
}

describe("docs/guides/authorization.md", () => {
  it("has the blocks that are tested here, and no other", () => {
    expect(blocksOf("guides/authorization.md").map(({ language }) => language)).toEqual([
      "sh",
      "json",
      "sh",
      "js",
      "php",
      "python",
      "js",
      "html",
      "sh",
    ]);
  });

  it("starts as it says", async () => {
    const cwd = temporaryDirectory();
    const { before, args, after } = splitAtServe(authorization("sh"));
    await run("sh", before, {}, cwd).output;
    const server = await startServer(args, { tokens: true, cwd });
    const stream = await openStream(server.hub, { headers: { Authorization: `Bearer ${await mint(cwd, server)}` } });
    const output = await run("sh", onPort(after, server), { ARTESIAN_PORT: new URL(server.url).port }, cwd).output;
    expect(await stream.next()).toMatchObject({ data: "Hello!" });
    expect(output).toMatch(/accepted/i);
  });

  it("shows claims that are JSON", () => {
    expect(JSON.parse(authorization("json"))).toMatchObject({ iss: ISSUER, authorization_details: [{ actions: ["subscribe"] }] });
  });

  it.each([
    ["js", "Hello from Node!"],
    ["php", "Hello from PHP!"],
    ["python", "Hello from Python!"],
  ])("publishes a private update from %s", async (language, data) => {
    const { mercure } = await startHub(authorization("sh", 1), "--anonymous");
    const [own, foreign] = [await streamOf42(mercure), await openStream(`${mercure}?match=/users/42`)];
    const env = { ARTESIAN_JWT_KEY: KEY, HUB_URL: mercure };
    const id = (await run(language, authorization(language), env).output).trim();
    expect(await own.next()).toEqual({ id, event: undefined, data });
    const token = await mintToken({
      key: { secret: KEY, algorithm: "HS256" },
      issuer: ISSUER,
      audience: mercure,
      subject: "test",
      publish: [{ type: "exact", pattern: "*" }],
      lifetimeSeconds: 60,
    });
    await fetch(mercure, {
      method: "POST",
      body: new URLSearchParams({ topic: "/users/42", data: "For all." }),
      headers: { Authorization: `Bearer ${token}` },
    });
    expect((await foreign.next()).data).toBe("For all.");
  });

  it.each(["js", "php", "python"])("fails from %s with a key that the hub does not know", async (language) => {
    const { mercure } = await startHub(authorization("sh", 1));
    const env = { ARTESIAN_JWT_KEY: KEY.toUpperCase(), HUB_URL: mercure };
    await expect(run(language, authorization(language), env).output).rejects.toThrow("401");
  });

  it("makes a Node server with a hub and tokens for its pages", async () => {
    const origin = `http://127.0.0.1:${await freePort()}`;
    const mercure = `${origin}/.well-known/mercure`;
    const server = run("js", authorization("js", 1), { ARTESIAN_JWT_KEY: KEY, HUB_URL: mercure });
    expect(await server.nextLine()).toBe(`listening for ${mercure}`);
    const token = await (await fetch(`${origin}/token`)).text();
    const stream = await openStream(`${mercure}?match=/users/42`, { headers: { Authorization: `Bearer ${token}` } });
    expect((await stream.next()).data).toMatch(/^\d{4}-/);
    expect((await fetch(`${mercure}?match=/users/42`)).status).toBe(401);
    server.kill();
    await server.output.catch(() => undefined);
  });

  it("revokes a token by its id, and a person's by the subject", async () => {
    const cwd = temporaryDirectory();
    await run("sh", "npx artesian keys create\n", {}, cwd).output;
    const server = await startServer([], { tokens: true, cwd });
    const subjects = ["user-41", "user-42", "user-43", "user-44"];
    const tokens = await Promise.all(subjects.map((subject) => mint(cwd, server, "--subscribe", "'*'", "--subject", subject)));
    const open = (token: string | undefined): Promise<TestStream> =>
      openStream(server.hub, { headers: { Authorization: `Bearer ${token}` } });
    const streams = await Promise.all(tokens.map(open));
    const { jti } = JSON.parse(Buffer.from(tokens[0]?.split(".")[1] ?? "", "base64url").toString()) as { jti: string };
    const code = authorization("sh", 2);
    expect(code).toContain(EXAMPLE_ID);
    const env = { ARTESIAN_PORT: new URL(server.url).port, ARTESIAN_URL: server.hub };
    await run("sh", onPort(code.replace(EXAMPLE_ID, jti), server), env, cwd).output;
    await Promise.all(streams.slice(0, 3).map((stream) => stream.ended));
    expect((await Promise.all(tokens.map(open))).map(({ response }) => response.status)).toEqual([401, 401, 401, 200]);
  });
});

describe("docs/reference/protocol.md", () => {
  it("has a loop of curl that gets each update once and in order", async () => {
    const server = await startServer();
    const loop = blocksOf("reference/protocol.md").find(({ code }) => code.includes("wait=25"))?.code ?? "";
    const shell = run("sh", onPort(loop, server), {});
    const { updates: none } = JSON.parse(await shell.nextLine()) as { updates: unknown[] };
    expect(none).toEqual([]);
    const publishing = (async () => {
      for (let i = 0; i < 200; i++) {
        const body = new URLSearchParams({ topic: "greeting", data: `${i} "cursor":"x"}`, ...(i % 2 === 0 && { id: `é ${i}&` }) });
        expect((await fetch(server.hub, { method: "POST", body })).status).toBe(200);
      }
    })();
    const read: string[] = [];
    while (read.length < 200) {
      const answer = JSON.parse(await shell.nextLine()) as { updates: { data: string }[]; gap?: unknown };
      expect(answer.gap).toBeUndefined();
      read.push(...answer.updates.map(({ data }) => data));
    }
    await publishing;
    expect(read).toEqual(Array.from({ length: 200 }, (_, i) => `${i} "cursor":"x"}`));
    shell.kill();
    await shell.output.catch(() => undefined);
  });
});

const presence = (language: string, index = 0): string => blockOf("guides/presence.md", language, index);

/** A hub that tells who is subscribed, and one subscriber of it, called Ada. */
async function startLobby(): Promise<{
  readonly cwd: string;
  readonly server: RunningServer;
  readonly ada: TestStream;
  readonly enter: () => Promise<TestStream>;
}> {
  const cwd = temporaryDirectory();
  await run("sh", "npx artesian keys create\n", {}, cwd).output;
  const server = await startServer(["--subscriptions"], { tokens: true, cwd });
  const token = await mint(cwd, server, "--subscribe", "/chat/lobby", "--payload", `'{"name":"Ada"}'`);
  const enter = (): Promise<TestStream> => openStream(`${server.hub}?match=/chat/lobby`, { headers: { Authorization: `Bearer ${token}` } });
  return { cwd, server, ada: await enter(), enter };
}

/** Hands requests on to a server, and its answers back after something was done. @returns Its origin. */
function startProxy({ url }: RunningServer, afterAnswer: (path: string) => Promise<void>): Promise<string> {
  return listen(
    createServer((req, res) => {
      const upstream = request(new URL(req.url ?? "/", url), { headers: { ...req.headers, host: new URL(url).host } }, (answer) => {
        void afterAnswer(req.url ?? "/").then(() => answer.pipe(res.writeHead(answer.statusCode ?? 502, answer.headers)));
      });
      res.once("close", () => upstream.destroy());
      upstream.end();
    }),
  );
}

describe("docs/guides/presence.md", () => {
  it("has the blocks that are tested here, and no other", () => {
    expect(blocksOf("guides/presence.md").map(({ language }) => language)).toEqual(["sh", "json", "sh", "http", "js"]);
  });

  it("lists as it says, with the document that it shows", async () => {
    const { cwd, server } = await startLobby();
    const env = { ARTESIAN_PORT: new URL(server.url).port };
    const [getToken = "", ...rest] = onPort(presence("sh", 1), server).split(/(?<=\n)/);
    const token = (await run("sh", `${getToken}echo $TOKEN\n`, env, cwd).output).trim();
    const response = await fetch(`${server.url}/.well-known/mercure/subscriptions`, { headers: { Authorization: `Bearer ${token}` } });
    const { subscriptions } = (await response.json()) as { subscriptions: readonly { id: string; subscriber: string }[] };
    expect(subscriptions).toHaveLength(1);
    const [own] = subscriptions;
    const uuid = own?.subscriber.replace("urn:uuid:", "") ?? "";
    expect(own).toEqual(JSON.parse(presence("json").replaceAll(EXAMPLE_SUBSCRIBER, uuid)));
    // The header fields that it shows, with what differs from hub to hub taken out.
    const shape = (link: string): string => link.replace(/<.*?>/, "<>").replace(/last-event-id="[^"]*"/, "last-event-id");
    expect(shape(`Link: ${response.headers.get("link")}\n`)).toBe(shape(presence("http")));
    const lines = rest.join("").replaceAll(EXAMPLE_SUBSCRIBER, uuid).replaceAll("curl", "curl --silent --write-out '\\n'");
    const answers = (await run("sh", lines, { ...env, TOKEN: token }, cwd).output)
      .split(/\n+/)
      .flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
    const collection = { type: "subscriptions", subscriptions: [own] };
    expect(answers).toEqual([expect.objectContaining(collection), expect.objectContaining(collection), own]);
  });

  it("grants what its table says", async () => {
    const { server, cwd } = await startLobby();
    const all = await mint(cwd, server, "--subscribe", "'*'", "--publish", "'*'");
    const headers = { Authorization: `Bearer ${all}` };
    await openStream(`${server.hub}?match=/chat/other`, { headers });
    const other = `${server.url}/.well-known/mercure/subscriptions/exact/%2Fchat%2Fother`;
    const isListed = async (): Promise<number> =>
      ((await (await fetch(other, { headers })).json()) as { subscriptions: readonly unknown[] }).subscriptions.length;
    // It is told of once it has stayed for a moment.
    await expect.poll(isListed, { timeout: 30_000 }).toBe(1);
    await fetch(server.hub, { method: "POST", body: new URLSearchParams({ topic: "marker", data: "marker" }), headers });
    const path = "/.well-known/mercure/subscriptions";
    const list = await fetch(`${server.url}${path}/exact/%2Fchat%2Flobby`, { headers });
    const { subscriptions } = (await list.json()) as { subscriptions: readonly [{ id: string }] };
    const addresses = [path, `${path}/exact/%2Fchat%2Flobby`, subscriptions[0].id];
    const granted = { all: ["/chat/lobby", "/chat/other"], "of it": ["/chat/lobby"], none: [] };
    const page = readFileSync(new URL("../../docs/guides/presence.md", import.meta.url), "utf8");
    const rows = [...page.matchAll(/^\| (URL pattern |the topic )?`([^`]+)` +\|(.+)\|$/gm)];
    expect(rows).toHaveLength(5);
    for (const [, kind, written = "", rest = ""] of rows) {
      const pattern = written.replace("SUBS", path);
      const cells = rest.split("|").map((cell) => cell.trim());
      const token = await mint(cwd, server, kind === "URL pattern " ? "--subscribe-urlpattern" : "--subscribe", `'${pattern}'`);
      const bearer = { headers: { Authorization: `Bearer ${token}` } };
      const stream = await openStream(`${server.hub}?last_event_id=earliest`, bearer);
      const seen: string[] = [];
      for (let event = await stream.next(); event.data !== "marker"; event = await stream.next()) {
        seen.push((JSON.parse(event.data) as { match: string }).match);
      }
      stream.close();
      const answers = await Promise.all(addresses.map((address) => fetch(server.url + address, bearer)));
      expect({ pattern, seen, statuses: answers.map(({ status }) => status) }).toEqual({
        pattern,
        seen: granted[cells[3] as keyof typeof granted],
        statuses: cells.slice(0, 3).map((cell) => (cell === "no" ? 403 : 200)),
      });
    }
  });

  it("counts who is there, and misses nobody between the list and the events", async () => {
    const { cwd, server, ada, enter } = await startLobby();
    const token = await mint(cwd, server, "--subscribe-urlpattern", "'/.well-known/mercure/subscriptions/exact/%2Fchat%2Flobby{/*}?'");
    const entering: Promise<TestStream>[] = [];
    // Grace enters after the list was made, and before the subscription is asked for.
    const proxy = await startProxy(server, async (path) => {
      if (!path.endsWith("/%2Fchat%2Flobby")) return;
      entering.push(enter());
      const watching = await openStream(`${server.hub}?match_urlpattern=${encodeURIComponent(`${path}/*`)}&last_event_id=earliest`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      await watching.take(2);
      watching.close();
    });
    const counting = run("js", presence("js"), { HUB_URL: `${proxy}/.well-known/mercure`, TOKEN: token });
    expect(await counting.nextLine()).toBe("1 in the lobby");
    expect(await counting.nextLine()).toBe("2 in the lobby");
    ada.close();
    expect(await counting.nextLine()).toBe("1 in the lobby");
    (await entering[0])?.close();
    expect(await counting.nextLine()).toBe("0 in the lobby");
    counting.kill();
    await counting.output.catch(() => undefined);
  });
});

describe("docs/operate/metrics.md", () => {
  it("asks as it says, and lists every figure, and no other", async () => {
    expect(blocksOf("operate/metrics.md").map(({ language }) => language)).toEqual(["sh", "sh", "yaml", "promql", "promql"]);
    const cwd = temporaryDirectory();
    await run("sh", "npx artesian keys create\n", {}, cwd).output;
    const server = await startServer([], { tokens: true, cwd });
    const everything = await mint(cwd, server, "--publish '*'");
    const publish = (headers: Record<string, string>): Promise<Response> =>
      fetch(server.hub, { method: "POST", body: new URLSearchParams({ topic: "a" }), headers });
    expect((await publish({})).status).toBe(401);
    expect((await publish({ Authorization: `Bearer ${everything}` })).status).toBe(200);
    const block = onPort(blockOf("operate/metrics.md", "sh"), server).replace("curl", "curl --silent");
    const { series, types } = parsePrometheus(await run("sh", block, { ARTESIAN_PORT: new URL(server.url).port }, cwd).output);
    const page = readFileSync(new URL("../../docs/operate/metrics.md", import.meta.url), "utf8");
    const rows = [...page.matchAll(/^- `(\w+)` \((\w+)(?:, by (.*?))?\): /gm)].map(([, name = "", type, labels = ""]) => [
      name,
      type,
      [...labels.matchAll(/\w+/g)].map(([label]) => label),
    ]);
    const labelsOf = (name: string): string[] =>
      Object.keys(series.find((one) => one.name === (types.get(name) === "histogram" ? `${name}_count` : name))?.labels ?? {});
    expect(rows).toEqual([...types].map(([name, type]) => [name, type, labelsOf(name)]));
    expect(blockOf("operate/metrics.md", "yaml")).toContain("metrics_path: /.well-known/mercure/metrics\n");
  });

  it("needs no token at a port of its own", async () => {
    const [, block] = blocksOf("operate/metrics.md").filter(({ language }) => language === "sh");
    const port = `${await freePort()}`;
    const [, args = "", url = ""] = /^artesian serve (.*)\ncurl (\S+)$/m.exec((block?.code ?? "").replaceAll("9090", port)) ?? [];
    await startServer(args.split(" "), { tokens: true });
    expect(await (await fetch(url)).text()).toContain("\nartesian_subscribers");
  });
});

describe("docs/start/embedding.md", () => {
  const blocks = blocksOf("start/embedding.md").map(({ code }) => code);
  const statements = (code: string): string[] => code.split("\n").map((line) => line.replace(/\/\/.*$/, "").trim());

  it("has the blocks that are tested here, and no other", () => {
    expect(blocksOf("start/embedding.md").map(({ language }) => language)).toEqual(["js", "js", "js", "js", "js", "js"]);
  });

  it("tests an application with a hub of its own", async () => {
    const program = [
      'import assert from "node:assert";',
      'const placeOrder = (hub, id) => hub.publish({ topic: `/orders/${id}`, data: JSON.stringify({ state: "placed" }) });',
      blocks[5],
      'console.log("passed");',
    ];
    expect(await run("js", program.join("\n"), {}).output).toBe("passed\n");
  });

  it("makes a hub that serves, at a path of its own too, and shuts down", async () => {
    const [shortest = "", atPath = "", , shutDown = ""] = blocks;
    expect(shortest).toContain("createServer(hub.handler).listen(3000);");
    const program = [
      shortest
        .replace("const hub = createHub();", atPath)
        .replace("createServer(hub.handler).listen(3000);", "const server = createServer(hub.handler).listen(0);"),
      'await new Promise((resolve) => server.once("listening", resolve));',
      "const { status } = await fetch(`http://127.0.0.1:${server.address().port}/live?match=greeting`);",
      shutDown,
      "console.log(status);",
    ];
    expect(await run("js", program.join("\n"), {}).output).toBe("200\n");
  });

  it("answers a readiness probe", async () => {
    const program = [
      'import express from "express";',
      'import { createHub } from "artesian";',
      "const [app, hub] = [express(), createHub()];",
      blocks[4],
      'const server = app.listen(0, "127.0.0.1", async () => {',
      "  const answer = await fetch(`http://127.0.0.1:${server.address().port}/health/ready`);",
      "  console.log(answer.status, (await answer.json()).status);",
      "  server.close();",
      "  await hub.close();",
      "});",
    ];
    expect(await run("js", program.join("\n"), {}).output).toBe("200 pass\n");
  });

  it("shows the hook of the example for Fastify", () => {
    const example = readFileSync(new URL("../../examples/fastify.mjs", import.meta.url), "utf8");
    expect(statements(example)).toEqual(expect.arrayContaining(statements(blocks[2] ?? "")));
  });
});
