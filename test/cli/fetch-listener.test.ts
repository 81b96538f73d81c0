import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { type FetchHandler, fetchListener } from "../../packages/hub/src/cli/serve/fetch-listener.ts";
import { HubError } from "../../packages/hub/src/index.ts";
import { listen } from "../support/server.ts";

/** Tells what it was given, with the error's code. */
function refuse(_req: IncomingMessage, res: ServerResponse, error: unknown): void {
  res.writeHead(error instanceof HubError ? 400 : 500).end(error instanceof HubError ? error.code : "fault");
}

const serve = (handler: FetchHandler): Promise<string> => listen(createServer(fetchListener(handler, refuse)));

/** Sends bytes as they are; gives the whole answer. */
async function raw(origin: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(origin).port), "127.0.0.1");
  socket.end(bytes);
  let answer = "";
  for await (const chunk of socket.setEncoding("utf8")) answer += String(chunk);
  return answer;
}

describe("a Fetch handler behind node:http", () => {
  test("gets the method, the address, the fields and the body", async () => {
    const origin = await serve(async (request, incoming) =>
      Response.json([request.method, request.url, request.headers.get("x-a"), await request.text(), incoming.socket.remoteAddress]),
    );
    const answer = await fetch(`${origin}/a/b?c=%20d`, { method: "PUT", body: "é".repeat(100_000), headers: { "x-a": "1" } });
    expect(await answer.json()).toEqual(["PUT", `${origin}/a/b?c=%20d`, "1", "é".repeat(100_000), "127.0.0.1"]);
  });

  test("answers with its status, each of its cookies, and no body to HEAD", async () => {
    const origin = await serve(async (request) => {
      const headers = new Headers({ "x-method": request.method });
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      return new Response(request.method === "HEAD" ? null : "body", { status: 201, headers });
    });
    const answer = await fetch(origin);
    expect([answer.status, answer.headers.getSetCookie(), await answer.text()]).toEqual([201, ["a=1", "b=2"], "body"]);
    const head = await fetch(origin, { method: "HEAD" });
    expect([head.status, head.headers.get("x-method"), await head.text()]).toEqual([201, "HEAD", ""]);
  });

  test("has long JSON compressed, for clients that take it, and nothing else", async () => {
    const long = "long ".repeat(1000);
    const origin = await serve(async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/text") return new Response(long);
      return Response.json(pathname === "/long" ? { long } : { token: "short" }, { status: 201, headers: { "set-cookie": "a=1" } });
    });
    const get = async (path: string, coding: string): Promise<readonly [string | null, string | null, number]> => {
      const { status, headers } = await fetch(origin + path, { headers: { "accept-encoding": coding } });
      return [headers.get("content-encoding"), headers.get("vary"), status];
    };
    expect(await get("/long", "gzip, br")).toEqual(["gzip", "Accept-Encoding", 201]);
    expect(await get("/long", "identity")).toEqual([null, "Accept-Encoding", 201]);
    expect(await get("/short", "gzip")).toEqual([null, "Accept-Encoding", 201]);
    expect(await get("/text", "gzip")).toEqual([null, null, 200]);
    const answer = await fetch(`${origin}/long`);
    expect([await answer.json(), answer.headers.getSetCookie()]).toEqual([{ long }, ["a=1"]]);
  });

  test("is refused after an error of the handler, and for an invalid request", async () => {
    const origin = await serve(async () => {
      throw new Error("no");
    });
    expect(await (await fetch(origin)).text()).toBe("fault");
    expect(await raw(origin, "TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*method_not_allowed/,
    );
    expect(await raw(origin, "GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 [\s\S]*invalid_host/);
    expect(await raw(origin, "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 [\s\S]*invalid_host/);
  });

  test("cuts an answer off that fails half-way", async () => {
    const origin = await serve(async () => {
      let sent = 0;
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (sent++ === 0) controller.enqueue(new TextEncoder().encode("half"));
            else controller.error(new Error("broken"));
          },
        }),
      );
    });
    await expect(fetch(origin).then((answer) => answer.text())).rejects.toThrow();
  });

  test("hears by the request's signal that the client has left", async () => {
    let left: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (left = resolve));
    const origin = await serve(async (request) => {
      request.signal.addEventListener("abort", () => left());
      return new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }));
    });
    const stop = new AbortController();
    const answer = await fetch(origin, { signal: stop.signal });
    await answer.body?.getReader().read();
    stop.abort();
    await gone;
  });
});
