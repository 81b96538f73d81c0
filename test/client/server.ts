import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A server that a test scripts, one function a request; the last one answers all that follow. */
export interface ScriptedServer {
  readonly url: string;
  /** The requests so far, in order. */
  readonly requests: readonly IncomingMessage[];
}

/** Answers one request. */
export type Script = (res: ServerResponse, req: IncomingMessage) => void;

/** Listens on a free port until the test ends. */
export async function scripted(...scripts: readonly Script[]): Promise<ScriptedServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    const script = scripts[Math.min(requests.length, scripts.length - 1)];
    requests.push(req);
    script?.(res, req);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events/stream`, requests };
}

/** Answers with a stream that starts with these parts, each in its own packet, and stays open. */
export function stream(...parts: readonly (string | Uint8Array)[]): Script {
  return (res) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.flushHeaders();
    res.socket?.setNoDelay(true);
    const write = (i: number): void => {
      const part = parts[i];
      if (part !== undefined) res.write(part, () => setImmediate(write, i + 1));
    };
    write(0);
  };
}

/** Answers with a stream that ends after these parts. */
export function shortStream(...parts: readonly string[]): Script {
  return (res) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.end(parts.join(""));
  };
}

/** Answers with a status and body. */
export function answer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Script {
  return (res) => res.writeHead(status, headers).end(body);
}

/** Reads a request's body as text. */
export async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** A URL that nothing listens at: its port was free a moment ago. */
export async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}/events/stream`;
}
