import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";
import type { Logger } from "../../core/logger.ts";
import { StrictReader } from "./reader.ts";

/** Longest wait for the probe's answers, in milliseconds. */
const WITHIN_MS = 5000;
/** Two requests that the reader does not take, the second in two parts. */
const FIRST = "POST /first HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\none";
const SECOND = "POST /second HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\ntwo";

let known: Promise<boolean> | undefined;

/**
 * Tests whether a connection that was read can still be given to Node's HTTP server, with its bytes
 * put back. Tests once a process, over a loopback connection to itself. If not, Node's parser reads
 * every request, and one log line says so.
 */
export function canHandOn(logger: Logger): Promise<boolean> {
  known ??= tryOut().then(
    () => true,
    (error: unknown) => {
      logger.warn(
        { err: error, runtime: process.version },
        "this runtime's HTTP server differs from those the hub knows: Node's parser reads all publishes, and each costs more",
      );
      return false;
    },
  );
  return known;
}

/** @throws Error that describes the difference. */
async function tryOut(): Promise<void> {
  const heard: string[] = [];
  const server = createServer((req, res) => {
    let body = "";
    req.setEncoding("latin1").on("data", (part: string) => (body += part));
    req.on("end", () => {
      heard.push(`${req.url ?? ""} ${body}`);
      res.end("answer");
    });
  });
  const reader = StrictReader.of(server, {
    hub: { bodyBytes: 3, resolve: () => undefined, answer: () => Promise.reject(new Error("The probe's request was taken.")) },
    hosts: undefined,
    maxHeadBytes: FIRST.length,
    isProxy: () => false,
    sockets: { began: () => true, answered: () => undefined },
    handleWriter: undefined,
  });
  if (reader === undefined) throw new Error("The server has no listener for connections of a known kind.");
  let client: Socket | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`The answers to itself were not there after ${WITHIN_MS} ms.`)), WITHIN_MS);
      // Workers of a cluster share the others' ports, and would take each other's connections.
      server.once("error", reject).listen({ port: 0, host: "127.0.0.1", exclusive: true }, () => {
        let answers = "";
        client = connect((server.address() as AddressInfo).port, "127.0.0.1", () => client?.write(FIRST + SECOND.slice(0, -1)));
        client.once("error", reject).once("close", () => reject(new Error("The connection to itself was closed.")));
        client.setNoDelay().on("data", (part: Buffer) => {
          const before = answers.split("answer").length;
          answers += part.toString("latin1");
          const after = answers.split("answer").length;
          if (before === 1 && after > 1) client?.write(SECOND.slice(-1));
          if (after > 2) resolve();
        });
      });
    });
    if (heard.join() !== "/first one,/second two") throw new Error(`The server read other requests: ${heard.join()}.`);
  } finally {
    clearTimeout(timer);
    client?.removeAllListeners("close").destroy();
    reader.closeAll();
    server.close();
    server.closeAllConnections();
  }
}
