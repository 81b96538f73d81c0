import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { probeSockets } from "../../../packages/hub/src/http/sinks/socket-probe.ts";
import { SILENT } from "../../../packages/hub/src/core/logger.ts";

/** How streams are written on the newest release of each line of Node. */
const WAYS: Readonly<Record<string, "request" | "direct">> = { 20: "request", 22: "request", 24: "direct", 26: "direct" };

/** Serves one stream in a process of its own whose Node was changed first, and prints what a client heard and what was logged. */
const PROGRAM = `
import { createServer, get } from "node:http";
import { once } from "node:events";
import { createHub } from "artesian";
const logged = [];
const log = (level) => (fields, text) => void logged.push({ level, text, takesSockets: fields.takesSockets });
const hub = createHub({ drainMs: 500, logger: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") } });
const server = createServer(hub.handler).listen(0, "127.0.0.1");
await once(server, "listening");
const heard = async () => {
  const [response] = await once(get({ port: server.address().port, path: "/events/stream", agent: false }), "response");
  let text = "";
  response.setEncoding("utf8").on("data", (part) => (text += part));
  while (!text.includes("hub:cursor")) await once(response, "data");
  await hub.publish({ topic: "a", data: "small" });
  await hub.publish({ topic: "a", data: "x".repeat(8_000_000) });
  await hub.publish({ topic: "a", data: "last" });
  while (!text.includes("data: last\\n\\n")) await once(response, "data");
  response.destroy();
  return text.length;
};
const lengths = [await heard(), await heard()];
server.close();
await hub.close();
console.log(JSON.stringify({ lengths, logged }));
`;

/** Stands for a Node whose native side of sockets is another: changes it through a socket's prototype. */
const patched = (change: string): string => `
import { connect, createServer as listener } from "node:net";
const idle = listener().listen(0, "127.0.0.1");
await once(idle, "listening");
const probe = connect(idle.address().port, "127.0.0.1");
await once(probe, "connect");
const handle = Object.getPrototypeOf(probe._handle);
const { writeBuffer } = handle;
${change}
probe.destroy();
idle.close();
`;

interface Outcome {
  readonly lengths: readonly number[];
  readonly logged: readonly { readonly level: string; readonly text: string; readonly takesSockets?: boolean }[];
}

async function serveWith(change: string): Promise<Outcome> {
  const imports = PROGRAM.slice(0, PROGRAM.indexOf("const logged"));
  const source = `${imports}${change}${PROGRAM.slice(imports.length)}`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", source], { timeout: 80_000 });
  return JSON.parse(stdout) as Outcome;
}

describe("the probe of Node's sockets", () => {
  it("finds the known kind of write of this Node release", async () => {
    const { takesSockets, handleWriter } = await probeSockets(SILENT);
    const [major = ""] = process.versions.node.split(".");
    expect(takesSockets).toBe(true);
    expect(handleWriter?.way).toBe(WAYS[major]);
  });

  it("logs nothing when all is as expected", async () => {
    const { lengths, logged } = await serveWith("");
    expect(lengths.every((length) => length > 8_000_000)).toBe(true);
    expect(logged).toEqual([]);
  });

  // Node itself marks its requests with their handle, or passes none and calls the prototype's method from its own file.
  const ofTheHub = `const isOurs = () => new Error().stack.includes("socket-handle");`;
  it.each([
    ["has no native side of a known kind", `Object.defineProperty(handle, "writeQueueSize", { get: () => undefined });`],
    [
      "refuses writes that it does not make itself",
      `${ofTheHub} handle.writeBuffer = function (...args) { if (isOurs()) throw new TypeError("no"); return writeBuffer.apply(this, args); };`,
    ],
    [
      "loses writes that it does not make itself",
      `${ofTheHub} handle.writeBuffer = function (...args) { return isOurs() ? 0 : writeBuffer.apply(this, args); };`,
    ],
    [
      "never says that it took a write",
      `${ofTheHub} handle.writeBuffer = function (...args) { const result = writeBuffer.apply(this, args); if (isOurs() && typeof result === "object") Object.defineProperty(result, "oncomplete", { get: () => () => undefined, set: () => undefined }); if (isOurs() && args[0] !== null) Object.defineProperty(args[0], "oncomplete", { get: () => () => undefined, set: () => undefined }); return result; };`,
    ],
  ])("takes the ordinary way and says so once, where a Node %s", async (_, change) => {
    const { lengths, logged } = await serveWith(patched(change));
    expect(lengths.every((length) => length > 8_000_000)).toBe(true);
    expect(logged).toEqual([{ level: "warn", text: expect.stringContaining("ordinary way") as string, takesSockets: true }]);
  });

  it("leaves the socket to Node where it can't be taken from the HTTP server", async () => {
    const { lengths, logged } = await serveWith(`
import { ServerResponse } from "node:http";
const { detachSocket } = ServerResponse.prototype;
ServerResponse.prototype.detachSocket = function (socket) {
  if (new Error().stack.includes("takeSocket")) throw new TypeError("no");
  detachSocket.call(this, socket);
};
`);
    expect(lengths.every((length) => length > 8_000_000)).toBe(true);
    expect(logged).toEqual([{ level: "warn", text: expect.stringContaining("ordinary way") as string, takesSockets: false }]);
  });
});
