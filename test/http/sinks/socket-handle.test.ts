import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { SILENT } from "../../../packages/hub/src/core/logger.ts";
import { freeHandle, HandleWriter, pendingBytes } from "../../../packages/hub/src/http/sinks/socket-handle.ts";
import { probeSockets } from "../../../packages/hub/src/http/sinks/socket-probe.ts";

const { handleWriter } = await probeSockets(SILENT);

const CHUNK = 64 * 1024;

/** Both ends of a connection. */
async function openPair(): Promise<{ server: Socket; client: Socket }> {
  const listener = createServer();
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const client = connect((listener.address() as AddressInfo).port, "127.0.0.1");
  const [server] = (await once(listener, "connection")) as [Socket];
  onTestFinished(() => {
    server.destroy();
    client.destroy();
    listener.close();
  });
  server.on("error", () => undefined);
  return { server, client };
}

const FIRST = Buffer.from("first");

function learn(socket: Socket): HandleWriter {
  const writer = HandleWriter.learn(socket, FIRST);
  if (writer === undefined) throw new Error("The socket has no native side of a known kind.");
  return writer;
}

function write(writer: HandleWriter, socket: Socket, bytes: Buffer, owner: { drained(): void }): boolean {
  const { _handle: handle } = socket as unknown as { _handle: NonNullable<ReturnType<typeof freeHandle>> };
  return writer.write(socket, handle, bytes, owner);
}

function noDrain(): never {
  throw new Error("The kernel took everything at once.");
}

describe("writes to a socket's native side", () => {
  it("arrive whole and in order, and a full socket is told of once it is empty", async () => {
    const { server, client } = await openPair();
    const writer = learn(server);
    let chunks = 0;
    const drained = new Promise<void>((resolve) => {
      while (write(writer, server, Buffer.alloc(CHUNK, chunks % 251), { drained: resolve })) chunks++;
      chunks++;
    });
    expect(chunks).toBeGreaterThan(1);
    expect(pendingBytes(server)).toBeGreaterThan(0);
    // Node's own writes wait behind those that are pending.
    server.write("last");
    const received: Buffer[] = [];
    client.on("data", (bytes: Buffer) => received.push(bytes));
    await drained;
    server.end();
    await once(client, "end");
    const expected = Array.from({ length: chunks }, (_, i) => Buffer.alloc(CHUNK, i % 251));
    expect(Buffer.concat(received).equals(Buffer.concat([FIRST, ...expected, Buffer.from("last")]))).toBe(true);
  });

  it("to a peer that is gone destroy the socket, and never claim to be waiting", async () => {
    const { server, client } = await openPair();
    const writer = learn(server);
    client.resetAndDestroy();
    await once(client, "close");
    const closed = new Promise((resolve) => server.on("close", resolve));
    for (let i = 0; i < 1000 && freeHandle(server) !== undefined; i++) {
      expect(write(writer, server, Buffer.alloc(1), { drained: noDrain })).toBe(true);
      await new Promise(setImmediate);
    }
    await closed;
    expect(server.destroyed).toBe(true);
  });

  it.runIf(handleWriter?.way === "request")(
    "never use a request again that is under way, though the kernel has taken its bytes",
    async () => {
      const { server } = await openPair();
      const writer = learn(server);
      const used: object[] = [];
      // As where a peer reads between the two attempts of one write: the request is under way, and nothing is left of the bytes.
      const isUnderWay = new Set<number>([1, 3]);
      const socket = {
        _handle: {
          writeQueueSize: 0,
          writeBuffer(request: object) {
            const number = used.push(request);
            Reflect.set(request, "getAsyncId", () => (isUnderWay.has(number) ? number : -1));
            return 0;
          },
        },
      } as unknown as Socket;
      for (let i = 0; i < 4; i++) expect(write(writer, socket, Buffer.from("next"), { drained: noDrain })).toBe(true);
      expect(used[1]).not.toBe(used[0]);
      expect(used[2]).toBe(used[1]);
      expect(used[3]).not.toBe(used[2]);
    },
  );

  it.runIf(handleWriter?.way === "direct")("take a status that came before the callback: of success, and of failure", async () => {
    const { server } = await openPair();
    const writer = learn(server);
    const statuses = [0, -32];
    let destroyed = 0;
    const socket = {
      _handle: { writeQueueSize: 0, writeBuffer: () => ({ writeStatus: statuses.shift() }) },
      destroy: () => destroyed++,
    } as unknown as Socket;
    expect(write(writer, socket, FIRST, { drained: noDrain })).toBe(true);
    expect(destroyed).toBe(0);
    expect(write(writer, socket, FIRST, { drained: noDrain })).toBe(true);
    expect(destroyed).toBe(1);
  });

  it("that wait when the peer goes destroy the socket", async () => {
    const { server, client } = await openPair();
    const writer = learn(server);
    const waiting = { drained: noDrain };
    while (write(writer, server, Buffer.alloc(CHUNK), waiting));
    const closed = new Promise((resolve) => server.on("close", resolve));
    client.resetAndDestroy();
    await closed;
    expect(server.destroyed).toBe(true);
  });
});
