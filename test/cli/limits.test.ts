import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { send, startServer } from "./command.ts";

/** Sends bytes as they are. @returns What came until the server closed the connection. */
async function raw(url: string, bytes: string): Promise<string> {
  const socket: Socket = connect(Number(new URL(url).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write(bytes);
  let received = "";
  for await (const chunk of socket) received += String(chunk);
  return received;
}

test("the flags of limits reach the server and the hub", async () => {
  const flags = ["--max-header-bytes", "2KiB", "--headers-timeout", "1s", "--request-timeout", "2s", "--max-connections", "1"];
  const { url, hub } = await startServer(["--journal", "memory", ...flags, "--max-idempotency-key-length", "3B", "--max-batch", "2"]);
  const publish = (headers: Record<string, string>, body = "topic=a"): Promise<number | undefined> =>
    send(hub, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded", ...headers } }, body).then(
      ({ status }) => status,
    );
  const ndjson = { "content-type": "application/x-ndjson" };
  expect([await publish({ "idempotency-key": '"abc"' }), await publish({ "idempotency-key": '"abcd"' })]).toEqual([200, 400]);
  expect([await publish(ndjson, '{"topic":"a"}\n'.repeat(2)), await publish(ndjson, '{"topic":"a"}\n'.repeat(3))]).toEqual([200, 413]);
  expect([await publish({ x: "x".repeat(1500) }), await publish({ x: "x".repeat(2100) })]).toEqual([200, 431]);
  const stream = await fetch(hub);
  onTestFinished(() => stream.body?.cancel());
  expect(stream.status).toBe(200);
  expect((await fetch(hub)).status).toBe(503);
  const [header, body] = await Promise.all([
    raw(url, "GET / HTTP/1.1\r\nHost: x\r\n"),
    raw(url, `POST /events/stream HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Length: 100\r\n\r\ntopic=`),
  ]);
  expect([header, body]).toEqual([expect.stringMatching(/^HTTP\/1\.1 408 /), expect.stringMatching(/^HTTP\/1\.1 408 /)]);
});

test.each([
  ["the flag", ["--no-compression"], {}],
  ["the variable", [], { ARTESIAN_NO_COMPRESSION: "true" }],
] as const)("streams are sent as they are with no-compression by %s", async (_, args, env) => {
  const encodingOf = async (hub: string): Promise<string | null> => {
    const stream = await fetch(hub, { headers: { "accept-encoding": "gzip" } });
    onTestFinished(() => stream.body?.cancel());
    expect(stream.status).toBe(200);
    return stream.headers.get("content-encoding");
  };
  const zipped = await startServer(["--journal", "memory"]);
  expect(await encodingOf(zipped.hub)).toBe("gzip");
  const plain = await startServer(["--journal", "memory", ...args], { env });
  expect(await encodingOf(plain.hub)).toBe(null);
});
