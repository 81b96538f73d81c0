// For servers that must be told their port, and that don't say when they are ready.
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

import { BenchError } from "./processes.mjs";

/**
 * A port that is free now. Another program could take it before the server does; the server then fails to start.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Asks until a server answers with a success, or the child that should become it has ended.
 *
 * @param {string} url
 * @param {import("./processes.mjs").Child} child
 * @param {{ name: string, timeoutMs: number }} options
 */
export async function untilItAnswers(url, child, { name, timeoutMs }) {
  const deadline = performance.now() + timeoutMs;
  let last = "nothing listens";
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new BenchError(`${name} ended early (${child.signalCode ?? child.exitCode})`);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 1000);
    try {
      const response = await fetch(url, { signal: controller.signal });
      if (response.ok) return;
      last = `it answers ${response.status}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    } finally {
      clearTimeout(timer);
      // Ends a stream, which an answer may be.
      controller.abort();
    }
    await wait(50);
  }
  throw new BenchError(`${name} was not ready after ${timeoutMs / 1000} s: ${last}`);
}
