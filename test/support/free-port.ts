import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Returns a free port of the loopback, for programs that need their port before they listen, or
 * come back at the same port. Ports that the system gives to connections are left out, since a
 * connection could take the port of a server that is away for a moment.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 10_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
