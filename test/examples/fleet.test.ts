import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { mintToken } from "artesian/http";
import { EventSource } from "eventsource";
import { expect, onTestFinished, test } from "vitest";
import { childrenOf } from "../cli/worker-processes.ts";
import { startProxy } from "../field/lib/proxy.ts";
import { nginx, nginxConfig } from "../field/proxies/nginx.ts";
import { freePort } from "../support/free-port.ts";
import { serveArguments, startSetup } from "../support/setups.ts";
import { openStream } from "../support/stream.ts";

const SCRIPT = fileURLToPath(new URL("../../examples/fleet/start.sh", import.meta.url));
const COMMAND = `${process.execPath} ${fileURLToPath(new URL("../../packages/hub/dist/cli/main.js", import.meta.url))}`;

interface Fleet {
  readonly url: string;
  /** The processes of the hubs that run. */
  readonly hubs: () => readonly number[];
  /** Ends it as Ctrl-C does. @returns The exit code. */
  readonly stop: () => Promise<unknown>;
}

async function startFleet(): Promise<Fleet> {
  const [port, redis, ...hubs] = await Promise.all(Array.from({ length: 5 }, freePort));
  const env = { ...process.env, PORT: String(port), REDIS_PORT: String(redis), HUB_PORTS: hubs.join(" "), ARTESIAN: COMMAND };
  const child = spawn(SCRIPT, { env, stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await exited;
  });
  let log = "";
  child.stdout.on("data", (text: Buffer) => (log += text.toString()));
  child.stderr.on("data", (text: Buffer) => (log += text.toString()));
  await expect.poll(() => log.match(/^listening on /gm)?.length).toBe(3);
  const url = `http://127.0.0.1:${port}`;
  const isUp = (): Promise<boolean> =>
    fetch(`${url}/health`).then(
      ({ status }) => status === 200,
      () => false,
    );
  await expect.poll(isUp).toBe(true);
  const isHub = (pid: number): boolean => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("\0serve\0");
  return {
    url,
    hubs: () => childrenOf(child.pid ?? 0).filter(isHub),
    stop: async () => {
      child.kill("SIGTERM");
      const [code] = (await exited) as [unknown];
      return code;
    },
  };
}

test("three hubs behind nginx on one Redis: one is killed, and nothing is lost or repeated", { timeout: 90_000 }, async () => {
  const { url, hubs, stop } = await startFleet();
  expect(hubs()).toHaveLength(3);
  const received = Array.from({ length: 12 }, (): string[] => []);
  await Promise.all(
    received.map((list) => {
      const source = new EventSource(`${url}/events/stream?match=fleet`);
      onTestFinished(() => source.close());
      source.addEventListener("message", ({ data }) => list.push(data as string));
      return new Promise((resolve) => source.addEventListener("open", resolve, { once: true }));
    }),
  );
  const published: string[] = [];
  const publish = async (data: string): Promise<void> => {
    const headers = { "Idempotency-Key": `"${data}"` };
    for (;;) {
      const answer = await fetch(`${url}/events/stream`, { method: "POST", headers, body: new URLSearchParams({ topic: "fleet", data }) });
      await answer.text();
      if (answer.status === 200) break;
      // The hub that it was sent to was killed.
      expect([502, 503]).toContain(answer.status);
    }
    published.push(data);
  };
  for (let i = 0; i < 20; i++) await publish(String(i));
  process.kill(hubs()[0] ?? 0, "SIGKILL");
  for (let i = 20; i < 60; i++) await publish(String(i));
  for (const list of received) await expect.poll(() => list, { timeout: 30_000 }).toEqual(published);
  expect(hubs()).toHaveLength(2);
  const running = hubs();
  expect(await stop()).toBe(143);
  for (const pid of running) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

/** nginx with the configuration of a compose file's `content`, before hubs on the loopback. */
async function startComposedNginx(compose: string, urls: readonly string[]): Promise<string> {
  const content = /^ +content: \|\n([\s\S]+?)^\S/m.exec(compose)?.[1] ?? "";
  expect(content).toContain("server hub:3000 ");
  const servers = urls.map((url) => `server ${new URL(url).host} `);
  const config = (port: number): string =>
    content
      .replaceAll("$$", "$")
      .replace(/server hub:3000 (.+)/, (_, options: string) => servers.map((server) => server + options).join("\n"))
      .replace("listen 80;", `listen 127.0.0.1:${port};`);
  // The compose file has servers of its own.
  const files = ({ port }: { readonly port: number }): Record<string, string> => ({
    "nginx.conf": nginxConfig(port, "").replace(/ {2}server \{[\s\S]+?\n {2}\}\n/, () => config(port)),
  });
  return startProxy(onTestFinished, { ...nginx, files }, 0);
}

test("compose.yaml: its hubs are one hub behind its nginx", async () => {
  const compose = readFileSync(new URL("../../examples/fleet/compose.yaml", import.meta.url), "utf8");
  const secret = "a-secret-for-the-test-of-32-bytes-or-more";
  const env = { ARTESIAN_JWT_KEY: secret, ARTESIAN_PUBLIC_URL: "http://localhost:8080", ARTESIAN_TRUSTED_PROXIES: "127.0.0.1" };
  const { urls } = await startSetup("three hubs on Redis", serveArguments(compose), env);
  const hub = `${await startComposedNginx(compose, urls)}/.well-known/mercure`;
  const everything = [{ type: "exact", pattern: "*" }] as const;
  const token = await mintToken({
    key: { secret, algorithm: "HS256" },
    issuer: "https://example.com",
    audience: "http://localhost:8080/.well-known/mercure",
    subject: "backend",
    publish: everything,
    lifetimeSeconds: 60,
  });
  const streams = await Promise.all(Array.from({ length: 6 }, () => openStream(`${hub}?match=*`)));
  const published = ["1", "2", "3", "4", "5", "6"];
  for (const data of published) {
    const body = new URLSearchParams({ topic: "fleet", data });
    expect((await fetch(hub, { method: "POST", headers: { Authorization: `Bearer ${token}` }, body })).status).toBe(200);
  }
  for (const stream of streams) expect((await stream.take(6)).map(({ data }) => data)).toEqual(published);
});
