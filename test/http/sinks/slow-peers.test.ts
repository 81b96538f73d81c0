import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Hub, HubOptions } from "artesian";
import { describe, expect, it, onTestFinished } from "vitest";
import { startHub } from "../../support/server.ts";

const timeout = 30_000;

/** Reads only when it is told to. */
interface Peer {
  readonly socket: Socket;
  readonly port: number;
  /** Bytes that were read so far. */
  readonly bytes: () => number;
  readonly text: () => string;
  readonly ended: Promise<string>;
}

async function serve(options: HubOptions): Promise<{ hub: Hub; port: number }> {
  const { hub, origin } = await startHub({ heartbeatMs: 55_000, compression: false, ...options });
  return { hub, port: Number(new URL(origin).port) };
}

/** Subscribes, and reads nothing more once the stream has begun. */
async function open(port: number): Promise<Peer> {
  const socket = connect({ port, host: "127.0.0.1" });
  const parts: Buffer[] = [];
  let bytes = 0;
  onTestFinished(() => void socket.destroy());
  socket.on("data", (part: Buffer) => {
    parts.push(part);
    bytes += part.length;
  });
  const ended = new Promise<string>((resolve) => {
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on("end", () => resolve("end"));
  });
  socket.write("GET /events/stream?match=t HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(socket, "data");
  socket.pause();
  return { socket, port: socket.localPort ?? 0, bytes: () => bytes, text: () => Buffer.concat(parts).toString("latin1"), ended };
}

/** Publishes until the peer's socket stays full. @returns How many updates. */
async function fill(hub: Hub): Promise<number> {
  const data = "x".repeat(60_000);
  for (let count = 0; count < 1000; count++) {
    await hub.publish({ topic: "t", data: `${count}:${data}` });
    await nextTurn();
    if (hub.stats().stalled === 0) continue;
    // The kernel may still make room.
    await sleep(50);
    if (hub.stats().stalled > 0) return count + 1;
  }
  throw new Error("The kernel took all.");
}

/** Bytes that the kernel holds for the server's side of a connection; undefined if it knows no such connection. Other tests' connections may have one of its ports. */
function heldFor(serverPort: number, peerPort: number): number | undefined {
  const [from, to] = [serverPort, peerPort].map((port) => `:${port.toString(16).toUpperCase().padStart(4, "0")}`) as [string, string];
  for (const table of ["/proc/self/net/tcp", "/proc/self/net/tcp6"]) {
    for (const row of readFileSync(table, "latin1").split("\n")) {
      const [, local = "", remote = "", , queues = ""] = row.trim().split(/\s+/);
      if (local.endsWith(from) && remote.endsWith(to)) return Number.parseInt(queues, 16);
    }
  }
  return undefined;
}

describe.runIf(process.platform === "linux")("a peer that does not read", () => {
  it("is reset by the stall limit, and leaves nothing in the kernel", async () => {
    const { hub, port } = await serve({ writeStallMs: 300 });
    const peer = await open(port);
    await fill(hub);
    expect(heldFor(port, peer.port)).toBeGreaterThan(100_000);
    await expect.poll(() => hub.stats().cut.stalled, { timeout }).toBe(1);
    await expect.poll(() => heldFor(port, peer.port), { timeout }).toBeUndefined();
    // What its system has taken it still gets, without an end in order.
    peer.socket.resume();
    await peer.ended;
    expect(peer.bytes()).toBeGreaterThan(0);
    expect(peer.text().endsWith("\r\n0\r\n\r\n")).toBe(false);
  });

  it("is reset by the bound on held bytes", async () => {
    const { hub, port } = await serve({ writeStallMs: 3_600_000, limits: { bodyBytes: 1024 * 1024, heldBytes: 2 * 1024 * 1024 } });
    const data = "x".repeat(900_000);
    const peers: Peer[] = [];
    // Each stops at another update, so that they hold other bytes.
    for (let i = 0; i < 4; i++) {
      peers.push(await open(port));
      for (let count = 0; count < 100 && hub.stats().stalled + hub.stats().cut.held <= i; count++) {
        await hub.publish({ topic: "t", data });
        await sleep(20);
      }
    }
    expect(hub.stats().cut.held).toBeGreaterThan(0);
    await expect.poll(() => peers.filter((peer) => heldFor(port, peer.port) === undefined).length, { timeout }).toBeGreaterThan(0);
  });

  it("is reset at the end of the drain", async () => {
    const { hub, port } = await serve({ writeStallMs: 3_600_000, drainMs: 500 });
    const peer = await open(port);
    await fill(hub);
    await hub.close();
    await expect.poll(() => heldFor(port, peer.port), { timeout }).toBeUndefined();
  });

  it("is reset some seconds after its stream was ended, though the kernel had taken all", async () => {
    const { hub, port } = await serve({ writeStallMs: 3_600_000, drainMs: 20_000 });
    const peer = await open(port);
    // Less than the kernel takes, and more than the peer's system does.
    for (let count = 0; count < 1000 && (heldFor(port, peer.port) ?? 0) < 200_000; count++) {
      await hub.publish({ topic: "t", data: "x".repeat(60_000) });
      await sleep(5);
    }
    expect(heldFor(port, peer.port)).toBeGreaterThan(0);
    expect(hub.stats().stalled).toBe(0);
    const beganMs = performance.now();
    await hub.close();
    expect(performance.now() - beganMs).toBeLessThan(15_000);
    await expect.poll(() => heldFor(port, peer.port), { timeout }).toBeUndefined();
  });
});

describe("a peer that reads slowly", () => {
  it("gets all that was sent before a normal end, and the end itself", async () => {
    const { hub, port } = await serve({ writeStallMs: 3_600_000, drainMs: 30_000 });
    const peer = await open(port);
    const count = await fill(hub);
    const closing = hub.close();
    await sleep(200);
    expect(peer.bytes()).toBeLessThan(1000);
    peer.socket.resume();
    expect(await peer.ended).toBe("end");
    const text = peer.text();
    expect(text.endsWith("\r\n0\r\n\r\n")).toBe(true);
    // The last one is still in the journal: the peer comes back for it.
    const received = [...text.matchAll(/^data: (\d+):x/gm)].map(([, number]) => Number(number));
    expect(received.length).toBeGreaterThanOrEqual(count - 2);
    expect(received).toEqual(received.map((_, i) => i));
    await closing;
  });

  it.runIf(process.platform === "linux")("is not cut while its system confirms something, and then goes on without loss", async () => {
    // What happens to one that takes 20 kB a second in 30 s, the default, five times as fast.
    const writeStallMs = 6000;
    const { hub, port } = await serve({ writeStallMs, limits: { heldBytes: 4 * 1024 * 1024 } });
    const peer = await open(port);
    let count = await fill(hub);
    const beganMs = performance.now();
    const first = peer.bytes();
    const untilMs = performance.now() + 3 * writeStallMs;
    while (performance.now() < untilMs) {
      await sleep(100);
      const due = ((performance.now() - beganMs) * 100_000) / 1000;
      while (peer.bytes() - first < due && peer.socket.read(1000) !== null);
      expect(hub.stats().heldBytes).toBeLessThan(4 * 1024 * 1024);
      await hub.publish({ topic: "t", data: `${count}:${"x".repeat(1000)}` });
      count++;
    }
    expect(hub.stats()).toMatchObject({ subscribers: 1, cut: { stalled: 0, held: 0 } });
    peer.socket.resume();
    await expect.poll(() => peer.text().includes(`data: ${count - 1}:`), { timeout }).toBe(true);
    const received = [...peer.text().matchAll(/^data: (\d+):x/gm)].map(([, number]) => Number(number));
    expect(received).toEqual(Array.from({ length: count }, (_, i) => i));
  });
});
