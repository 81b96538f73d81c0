import type { RequestListener, Server } from "node:http";
import { Server as NetServer } from "node:net";
import { setImmediate as immediate, setTimeout as sleep } from "node:timers/promises";

/** So many turns of the event loop without a new connection, and none is left that was made before. Each turn takes one. */
const ACCEPT_TURNS = 3;
const LONGEST_ACCEPT_MS = 2000;
/** How long the port takes to be closed in all processes that share it, in milliseconds: whoever is sent away must not come back to it before. */
const UNLISTEN_MS = 50;
/** How often is looked whether anything has come, in milliseconds. */
const LOOK_MS = 20;
/**
 * Whoever uses a connection again and again has done so within so many looks: fewer where nobody has used one since the drain began. Not a time, in which a busy process may
 * have looked at nothing.
 */
const QUIET_LOOKS = { idle: 5, busy: 25 };
/** Longest wait for that, in milliseconds, and the largest part of the whole drain. */
const LONGEST_QUIET_MS = 2000;
const LARGEST_SHARE = 0.5;

/** A server that leaves in order. */
export interface Drainable {
  /**
   * Accepts no further connection, answers the requests that still come on those that are there, then closes.
   *
   * @param finish - What has to end the long-lived answers. Until then, requests are served as ever.
   * @param boundMs - Longest wait in all, counted from now; what is open then is cut.
   */
  drain(finish: () => Promise<void>, boundMs: number): Promise<void>;
}

/** Attaches the listener, and returns what takes the server down. */
export function serveRequests(server: Server, listener: RequestListener): Drainable {
  let sendsAway = false;
  let requests = 0;
  server.on("request", (req, res) => {
    // Node goes on to parse what it had read of a connection that was cut: nobody waits for these answers.
    if (req.socket.destroyed) return;
    requests++;
    // A client that keeps its connection would send the next request into a server that is gone.
    if (sendsAway) res.setHeader("connection", "close");
    listener(req, res);
  });

  /** Connections that were made but not accepted would be reset with the port, whatever was sent on them already. */
  async function acceptTheLast(longestMs: number): Promise<void> {
    const deadline = performance.now() + longestMs;
    let turns = 0;
    const restart = (): void => void (turns = 0);
    server.on("connection", restart);
    for (; turns < ACCEPT_TURNS && performance.now() < deadline; turns++) await immediate();
    server.off("connection", restart);
  }

  /**
   * Sends away those who keep a connection and use it, each with the answer to its next request. Were their connections closed as soon as they are idle, what was just
   * sent on one would have no answer, and its sender could not know what became of it.
   */
  async function sendAway(longestMs: number): Promise<void> {
    const deadline = performance.now() + longestMs;
    const first = requests;
    await sleep(Math.min(UNLISTEN_MS, longestMs));
    sendsAway = true;
    let seen = requests;
    for (let looks = 0; looks < (requests === first ? QUIET_LOOKS.idle : QUIET_LOOKS.busy) && performance.now() < deadline; looks++) {
      await sleep(LOOK_MS);
      if (requests > seen) looks = 0;
      seen = requests;
    }
  }

  return {
    async drain(finish, boundMs) {
      const deadline = performance.now() + boundMs;
      await acceptTheLast(Math.min(LONGEST_ACCEPT_MS, boundMs * LARGEST_SHARE));
      // Not that of HTTP, which closes idle connections at once.
      const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
      if (await hasConnections(server)) await sendAway(Math.min(LONGEST_QUIET_MS, boundMs * LARGEST_SHARE));
      await finish();
      // Connections that were busy when the drain began go idle one by one.
      const sweep = setInterval(() => server.closeIdleConnections(), LOOK_MS);
      const cut = setTimeout(() => server.closeAllConnections(), Math.max(0, deadline - performance.now()));
      await closed;
      clearInterval(sweep);
      clearTimeout(cut);
    },
  };
}

function hasConnections(server: Server): Promise<boolean> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error !== null || count > 0)));
}
