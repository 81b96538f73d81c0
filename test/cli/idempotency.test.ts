import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ClientError, publish, subscribe } from "../../packages/client/src/index.ts";
import { startServer, type RunningServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";

/** Stands between a publisher and the server, and loses answers: what arrives of one is not passed on. */
async function startLossyProxy(target: () => number): Promise<{ readonly url: string; lose: (() => void) | undefined }> {
  const state: { url: string; lose: (() => void) | undefined } = { url: "", lose: undefined };
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(target(), "127.0.0.1");
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    }
    client.on("data", (chunk) => server.write(chunk)).on("close", () => server.destroy());
    server.on("close", () => client.destroy());
    server.on("data", (chunk) => {
      if (state.lose === undefined) client.write(chunk);
      else {
        state.lose();
        client.destroy();
      }
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  state.url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/events/stream`;
  return state;
}

test("an update whose answer was lost is published once by another attempt, across kill -9 and a restart", async () => {
  const cwd = temporaryDirectory();
  let server: RunningServer = await startServer([], { cwd });
  const proxy = await startLossyProxy(() => Number(new URL(server.url).port));
  const ids: string[] = [];
  const restarted = async (): Promise<void> => {
    server.run.child.kill("SIGKILL");
    await server.run.exit;
    server = await startServer([], { cwd });
  };
  for (let i = 0; i < 4; i++) {
    const idempotencyKey = crypto.randomUUID();
    const batch = [
      { topic: "a", data: `${i}a` },
      { topic: "a", data: `${i}b` },
    ];
    // It was committed: its answer was on the way, and with every other one the process is killed before the answer arrives.
    proxy.lose = () => {
      if (i % 2 === 0) server.run.child.kill("SIGKILL");
    };
    const lost: unknown = await publish(proxy.url, batch, { idempotencyKey }).catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(ClientError);
    expect(lost).toMatchObject({ code: "unreachable" });
    proxy.lose = undefined;
    await restarted();
    const first = await publish(proxy.url, batch, { idempotencyKey });
    expect(await publish(proxy.url, batch, { idempotencyKey })).toEqual(first);
    ids.push(...first);
  }
  const received: [string, string][] = [];
  for await (const { id, data } of subscribe(server.hub, { lastEventId: "earliest" })) {
    if (received.push([id ?? "", data]) === 8) break;
  }
  expect(received.map(([, data]) => data)).toEqual([0, 1, 2, 3].flatMap((i) => [`${i}a`, `${i}b`]));
  expect(received.map(([id]) => id)).toEqual(ids);
  const control = await publish(server.hub, { topic: "a", data: "end" });
  expect(control).toMatch(/:9$/); // The ninth.
});
