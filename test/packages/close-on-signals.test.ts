import type { createHub as CreateHub } from "artesian";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { openStream } from "../support/stream.ts";

const HUB = new URL("../../packages/hub/dist/index.js", import.meta.url).href;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const SCRIPT = `
  import { createServer } from "node:http";
  import { createHub } from ${JSON.stringify(HUB)};
  const hub = createHub({ drainMs: 60_000 });
  const server = createServer(hub.handler).listen(0, "127.0.0.1", () => console.log(server.address().port));
  hub.closeOnSignals({ server });
`;

it.each(["SIGINT", "SIGTERM"] as const)("a hub closes with its server at %s, and the process ends by itself", async (signal) => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", SCRIPT], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  const [port] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const stream = await openStream(`http://127.0.0.1:${port.trim()}/events/stream`);
  child.kill(signal);
  let event = await stream.nextOfAny();
  while (event.event !== "hub:drain") event = await stream.nextOfAny();
  expect(await ended).toEqual([0, null]);
});

it.each(["POST /ev", "POST /events/stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf"])(
  "half a request does not keep the process: %j",
  { timeout: 60_000 },
  async (half) => {
    const script = SCRIPT.replace("60_000", "1000");
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    onTestFinished(() => void child.kill("SIGKILL"));
    const [port] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    const socket = connect(Number(port), "127.0.0.1", () => void socket.write(half));
    socket.on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  },
);

it("a hub closes at the end of its block", async () => {
  const { createHub } = (await import(HUB)) as { createHub: typeof CreateHub };
  const hub = createHub();
  await hub[Symbol.asyncDispose]();
  expect(hub.draining).toBe(true);
});
