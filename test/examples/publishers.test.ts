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

describe.each(Object.entries(PROGRAMS))("examples/publish/%s", (file, language) => {
  const start = async (): Promise<{ hub: string; mint: (topics: readonly string[]) => Promise<string>; publish: typeof runProgram }> => {
    const server = await startServer(["--issuer", ISSUER], { tokens: true, env: { ARTESIAN_JWT_KEY: KEY } });
    const hub = `${server.url}/.well-known/mercure`;
    const exact = (pattern: string): { type: "exact"; pattern: string } => ({ type: "exact", pattern });
    const mint = (topics: readonly string[]): Promise<string> =>
      mintToken({
        key: { secret: KEY, algorithm: "HS256" },
        issuer: ISSUER,
        audience: hub,
        subject: "backend",
        publish: topics.map(exact),
        subscribe: [{ topics: [exact("*")], payload: undefined }],
        lifetimeSeconds: 60,
      });
    return { hub, mint, publish: runProgram };
  };
  const runProgram = async (hub: string, token: string, topic: string, data: string): Promise<string> => {
    const [command = "", ...args] = COMMANDS[language] ?? [];
    const env = { ...cleanEnv(), HUB: hub, TOKEN: token, no_proxy: "127.0.0.1" };
    return (await promisify(execFile)(command, [...args, FOLDER + file, topic, data], { env })).stdout.trim();
  };

  it("publishes once, though the first answer is lost", async () => {
    const { hub, mint, publish } = await start();
    const token = await mint(["*"]);
    const stream = await openStream(`${hub}?match=*`, { headers: { Authorization: `Bearer ${token}` } });
    const lossy = await loseAnswers(hub, 1);
    const data = '{"state":"bezahlt, 已付款 & more"}';
    const id = await publish(lossy.url, token, "/orders/42", data);
    expect(lossy.asked()).toBe(2);
    expect(await stream.next()).toMatchObject({ data, id });
    await publish(hub, token, "/orders/43", "next");
    expect((await stream.next()).data).toBe("next");
    // Nobody without a grant gets it.
    const anonymous = await fetch(`${hub}?match=*&last_event_id=earliest`);
    expect(anonymous.status).toBe(401);
    await anonymous.body?.cancel();
  });

  it("tells why the hub refuses, and does not try again", async () => {
    const { hub, mint, publish } = await start();
    const front = await loseAnswers(hub, 0);
    await expect(publish(front.url, await mint(["/orders/42"]), "/orders/43", "x")).rejects.toThrow(/insufficient_scope/);
    expect(front.asked()).toBe(1);
  });
});
