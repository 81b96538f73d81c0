import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { mintToken } from "artesian/http";
import { PAGES, pageWith, PROGRAMS } from "../../scripts/program-pages.mjs";
import { cleanEnv, startServer } from "../cli/command.ts";
import { listen } from "../support/server.ts";
import { openStream } from "../support/stream.ts";

const KEY = "a-secret-for-the-test-of-32-bytes-or-more";
const ISSUER = "https://example.com";
const FOLDER = fileURLToPath(new URL("../../examples/publish/", import.meta.url));

/** What runs each kind of program. */
const COMMANDS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  sh: ["sh"],
  js: [process.execPath],
  python: ["python3", "-B"],
  php: ["php"],
  ruby: ["ruby"],
  go: ["go", "run"],
  java: ["java"],
};

/** A server before a hub that drops the first answers. */
async function loseAnswers(hub: string, lost: number): Promise<{ readonly url: string; readonly asked: () => number }> {
  let asked = 0;
  const url = await listen(
    createServer((req: IncomingMessage, res) => {
      void (async () => {
        asked++;
        const body = Buffer.concat(await req.toArray());
        const { authorization = "", "content-type": type = "", "idempotency-key": key } = req.headers;
        const answer = await fetch(hub, {
          method: "POST",
          headers: { Authorization: authorization, "Content-Type": type, "Idempotency-Key": String(key) },
          body,
        });
        if (asked <= lost) req.socket.destroy();
        else res.writeHead(answer.status).end(await answer.text());
      })();
    }),
  );
  return { url, asked: () => asked };
}

it.each(Object.entries(PAGES))("%s has its programs as they are", (path, programs) => {
  // If this fails: node scripts/program-pages.mjs
  const page = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  expect(pageWith(page, programs)).toBe(page);
});

const exact = (pattern: string): { type: "exact"; pattern: string } => ({ type: "exact", pattern });

/** A hub, and a token to publish to some topics of it and to read all. */
async function startHub(topics: readonly string[]): Promise<{ readonly hub: string; readonly token: string }> {
  const server = await startServer(["--issuer", ISSUER], { tokens: true, env: { ARTESIAN_JWT_KEY: KEY } });
  const hub = `${server.url}/.well-known/mercure`;
  const token = await mintToken({
    key: { secret: KEY, algorithm: "HS256" },
    issuer: ISSUER,
    audience: hub,
    subject: "backend",
    publish: topics.map(exact),
    subscribe: [{ topics: [exact("*")], payload: undefined }],
    lifetimeSeconds: 600,
  });
  return { hub, token };
}

// Go and Java compile first.
describe.each(Object.entries(PROGRAMS))("examples/publish/%s", { timeout: 240_000 }, (file, language) => {
  const publish = async (hub: string, token: string, topic: string, data: string): Promise<string> => {
    const [command = "", ...args] = COMMANDS[language] ?? [];
    const env = { ...cleanEnv(), HUB: hub, TOKEN: token, no_proxy: "127.0.0.1" };
    return (await promisify(execFile)(command, [...args, FOLDER + file, topic, data], { env })).stdout.trim();
  };

  it("publishes once, though the first answer is lost", async () => {
    const { hub, token } = await startHub(["*"]);
    const stream = await openStream(`${hub}?match=*`, { headers: { Authorization: `Bearer ${token}` } });
    const lossy = await loseAnswers(hub, 1);
    const data = '{"state":"bezahlt, 已付款 & more"}';
    const id = await publish(lossy.url, token, "/orders/42", data);
    expect(lossy.asked()).toBe(2);
    expect(await stream.next()).toMatchObject({ data, id });
    await publish(hub, token, "/orders/43", "next");
    expect((await stream.next()).data).toBe("next");
  });

  it("tells why the hub refuses, and does not try again", async () => {
    const { hub, token } = await startHub(["/orders/42"]);
    const front = await loseAnswers(hub, 0);
    await expect(publish(front.url, token, "/orders/43", "x")).rejects.toThrow(/insufficient_scope/);
    expect(front.asked()).toBe(1);
  });
});
