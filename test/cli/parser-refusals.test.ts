import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { refuseUnparsed } from "../../packages/hub/src/cli/serve/parser-refusals.ts";
import { Cors } from "../../packages/hub/src/http/reply/cors.ts";
import { listen } from "../support/server.ts";
import { startServer, type RunningServer } from "./command.ts";

/** Sends bytes, and resolves with all that comes back. */
async function exchange({ url }: Pick<RunningServer, "url">, text: string): Promise<string> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = "";
  socket.setEncoding("latin1").on("data", (part: string) => (answer += part));
  socket.on("error", () => undefined);
  socket.write(text);
  await once(socket, "close");
  return answer;
}

const CASES = [
  ["a header that is too large", "GET / HTTP/1.1\r\nHost: a\r\nx: ".concat("x".repeat(60_000), "\r\n\r\n"), 431, "headers_too_large"],
  ["what is no HTTP", "\u0016\u0003\u0001 hello\r\n\r\n", 400, "malformed_request"],
  ["a header that never ends", "GET / HTTP/1.1\r\nHost: a\r\n", 408, "request_timeout"],
] as const;

describe("a request that Node's parser refuses", () => {
  it.each(CASES)("is answered with a problem, and logged: %s", async (_, text, status, code) => {
    const server = await startServer(["--headers-timeout", "1s", "--cors-origin", "*"]);
    const [head = "", body = ""] = (await exchange(server, text)).split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toContain("Content-Type: application/problem+json");
    expect(head).toContain("Access-Control-Allow-Origin: *");
    expect(head).toContain("Connection: close");
    expect(JSON.parse(body)).toMatchObject({ status, code });
    const [line] = await server.run.waitFor("stderr", /^.*could not be read.*$/m);
    expect(JSON.parse(line)).toMatchObject({ level: 40, code, status, address: "127.0.0.1", count: 1 });
  });

  it.each([
    [
      "is answered if the rest of an open request is meant",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    ["is not answered in place of a whole request before it", "GET / HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n", /^$/],
  ])("%s", async (_, text, expected) => {
    const ignore = (): void => undefined;
    const server = createServer(ignore);
    refuseUnparsed(server, new Cors([]), { debug: ignore, info: ignore, warn: ignore, error: ignore });
    expect(await exchange({ url: await listen(server) }, text)).toMatch(expected);
  });

  it("is logged once a minute, however often, and the server serves on", async () => {
    const server = await startServer();
    for (let i = 0; i < 20; i++) expect(await exchange(server, "nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect((await fetch(server.url)).status).toBe(200);
    expect(server.run.stderr.match(/could not be read/g)).toHaveLength(1);
  });
});
