import { fileURLToPath } from "node:url";
import { type AtEnd, type Program, startProgram, temporaryFolder } from "./programs.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Heartbeats leave a silent stream after half of this time to the whole. */
const HEARTBEAT_MS = 4000;

/** A hub in a process of its own, open to everyone. */
export interface HubProcess {
  readonly port: number;
  /** Where one subscribes and publishes. */
  readonly url: string;
}

/** Starts `artesian serve`, as it is built, with a binary of Node. */
export async function startCommand(atEnd: AtEnd, node: string, flags: readonly string[]): Promise<HubProcess> {
  const open = ["--anonymous", "--anonymous-publish", "--cors-origin", "*", "--heartbeat", `${HEARTBEAT_MS}ms`, "--drain", "100ms"];
  return start(atEnd, node, [`${ROOT}packages/hub/dist/cli/main.js`, "serve", "--port", "0", "--log-level", "warn", ...open, ...flags]);
}

/** Starts a hub of the library on HTTP/2. */
export async function startHttp2(atEnd: AtEnd, node: string): Promise<HubProcess> {
  return start(atEnd, node, [fileURLToPath(new URL("../servers/http2.mjs", import.meta.url)), `${HEARTBEAT_MS}`]);
}

async function start(atEnd: AtEnd, node: string, args: readonly string[]): Promise<HubProcess> {
  const program = startProgram(atEnd, node, args, { cwd: await temporaryFolder(atEnd) });
  const port = await listeningPort(program);
  return { port, url: `http://127.0.0.1:${port}/events/stream` };
}

async function listeningPort(program: Program): Promise<number> {
  for (;;) {
    const [, port] = /^listening on http:\/\/127\.0\.0\.1:(\d+)/m.exec(program.written()) ?? [];
    if (port !== undefined) return Number(port);
    if (program.hasEnded()) throw new Error(`The hub ended. Is it built? \`npm run build\`\n${program.written()}`);
    await Promise.race([new Promise((resolve) => program.child.stdout.once("data", resolve)), program.ended]);
  }
}
