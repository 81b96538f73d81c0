import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Bot } from "../../../demo/src/chat/server/index.ts";
import { listen } from "../../support/server.ts";

export interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

/** A real service on the loopback, and the requests that it got. */
export async function service(answer: (res: ServerResponse, req: IncomingMessage) => unknown): Promise<{ origin: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const origin = await listen(
    createServer((req, res) => {
      let text = "";
      req.setEncoding("utf8");
      req.on("data", (chunk: string) => (text += chunk));
      req.on("end", () => {
        asked.push({ method: req.method, url: req.url, headers: req.headers, body: text === "" ? undefined : JSON.parse(text) });
        void answer(res, req);
      });
    }),
  );
  return { origin, asked };
}

/** A service with one answer. */
export async function answering(type: string | undefined, body: string | Uint8Array, status = 200): Promise<string> {
  const { origin } = await service((res) => res.writeHead(status, type === undefined ? {} : { "Content-Type": type }).end(body));
  return origin;
}

export const context = (signal: AbortSignal = new AbortController().signal): Parameters<Bot["reply"]>[1] => ({
  botName: "artie",
  streamUrl: "http://hub.example/events/stream",
  history: [
    { nickname: "Ada", text: "Hi", bot: false },
    { nickname: "artie", text: "Hello!", bot: true },
  ],
  signal,
});

export const MESSAGE = { room: "lobby", nickname: "Ada", text: "How deep is it?" };
