import { createServer } from "node:http";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { createHub } from "artesian";
import { mintToken } from "artesian/http";
import { build, type Rolldown } from "vite";
import { describe, expect, it, onTestFinished } from "vitest";
import { blocksOf } from "../examples/markdown.ts";
import { listen } from "../support/server.ts";
import { createSocketIo } from "./socket-io.ts";
import { openPage } from "./support.ts";

const HUB = "https://hub.example/.well-known/mercure";
const ISSUER = "https://issuer.example";
const SECRET = "a secret of at least thirty-two bytes";

const [, ...blocks] = blocksOf("guides/moving.md");
const [snippet] = blocksOf("reference/event-source.md");

/** Bundles a block as a page's build does. */
async function bundle(code: string): Promise<string> {
  const entry = fileURLToPath(new URL("block.js", import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["artesian-source", "browser", "module"] },
    plugins: [{ name: "block", resolveId: (id) => (id === entry ? id : undefined), load: (id) => (id === entry ? code : undefined) }],
    build: { write: false, minify: false, target: "es2022", lib: { entry, formats: ["es"] } },
  });
  return ((built as readonly Rolldown.RolldownOutput[])[0] as Rolldown.RolldownOutput).output[0].code;
}

/** Runs a block in a page at a hub behind a proxy. */
async function start(code: string): Promise<{ publish: (data: string) => Promise<void>; fail: () => Promise<void>; logs: string[] }> {
  const authorization = { issuers: [{ issuer: ISSUER, keys: [{ secret: SECRET, algorithms: ["HS256" as const] }] }] };
  const hub = createHub({ url: HUB, anonymous: true, authorization, retryMs: { min: 100, max: 100 } });
  onTestFinished(() => hub.close());
  const token = await mintToken({
    key: { secret: SECRET, algorithm: "HS256" },
    issuer: ISSUER,
    audience: HUB,
    subject: "someone",
    subscribe: [{ topics: [{ type: "exact", pattern: "*" }], payload: undefined }],
    lifetimeSeconds: 600,
  });
  const script = await bundle(code);
  const socketIo = createSocketIo();
  let refuses = false;
  let refused: () => void = () => undefined;
  const server = createServer((req, res) => {
    if (req.url === "/") return void res.setHeader("content-type", "text/html").end("<!doctype html>");
    if (req.url === "/block.js") return void res.setHeader("content-type", "text/javascript").end(script);
    if (req.url?.startsWith("/socket.io/")) return socketIo.handler(req, res);
    if (!req.url?.startsWith("/events/stream")) return void res.writeHead(404).end();
    if (!refuses) return hub.handler(req, res);
    refuses = false;
    res.writeHead(503).end();
    refused();
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  const origin = await listen(server);
  const page = await openPage();
  const logs: string[] = [];
  page.on("console", (message) => logs.push(message.text()));
  await page.goto(origin);
  await page.evaluate((token) => Object.assign(globalThis, { getToken: async () => token }), token);
  await page.addScriptTag({ url: "/block.js", type: "module" });
  const isPrivate = code.includes("getToken");
  return {
    logs,
    async publish(data) {
      await hub.publish({ topic: "greeting", data, private: isPrivate });
      socketIo.emit("greeting", "message", data);
    },
    async fail() {
      const answered = new Promise<void>((resolve) => (refused = resolve));
      refuses = true;
      // The hub has taken the streams' sockets from the server.
      for (const socket of sockets) socket.destroy();
      await answered;
    },
  };
}

const count = (logs: readonly string[], data: string): number => logs.filter((line) => line.split(" ").includes(data)).length;

describe("docs/guides/moving.md", () => {
  it("has pairs of a before and an after", () => {
    expect(blocks.map(({ language }) => language)).toEqual(Array.from({ length: 8 }, () => "js"));
    expect(blocks.map(({ code }) => code.includes('from "artesian-client'))).toEqual([false, true, false, true, false, true, false, true]);
  });

  it.each([
    ...blocks.map(({ code }, i) => ({ name: `${i % 2 === 0 ? "before" : "after"}, ${Math.floor(i / 2) + 1}`, code })),
    { name: "the snippet of docs/reference/event-source.md", code: snippet?.code ?? "" },
  ])("hears an update, and with our client the one that a 503 came before: $name", async ({ code }) => {
    const { publish, fail, logs } = await start(code.replaceAll("https://example.com/", "/"));
    let published = 0;
    await expect.poll(async () => (await publish(`first-${published++}`), logs.join("\n")), { interval: 100 }).toContain("first-");
    if (!code.includes('from "artesian-client')) return;
    await fail();
    await publish("second");
    await publish("third");
    await expect.poll(() => count(logs, "third")).toBe(1);
    expect(count(logs, "second")).toBe(1);
    expect(logs).not.toContain("closed");
  });
});
