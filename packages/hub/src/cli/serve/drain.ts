import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { ServerHttp2Session } from "node:http2";
import { Server as NetServer } from "node:net";
import { setImmediate as immediate, setTimeout as sleep } from "node:timers/promises";
import { answerInTurn, type Sockets } from "../../http/sinks/sockets.ts";
import { sessionsOf } from "./http2-connections.ts";
import type { StrictReader } from "../../http/strict/reader.ts";

/**
 * Turns of the event loop without a new connection, after which no earlier connection is left in
 * the backlog. Each turn accepts one.
 */
const ACCEPT_TURNS = 3;
const LONGEST_ACCEPT_MS = 2000;
/**
 * Time until the port is closed in all processes that share it, in milliseconds. Clients that are
 * sent away must not come back earlier: a process that is just closing the port would not see them,
 * and they would be cut off. Three processes at once on two cores were up to 260 ms apart.
 */
const UNLISTEN_MS = { alone: 50, shared: 500 };
/** Interval of the checks for new requests, in milliseconds. */
const LOOK_MS = 20;
/**
 * Checks without a request after which no reused connection is expected to send another. Fewer are
 * enough if no connection was reused since the drain began. A client with a pool uses the newest
 * connections first, and those of another worker in between. So one may rest for most of a second.
 * Counted rather than timed, because a busy process may have checked nothing in a given time.
 */
const QUIET_LOOKS = { idle: 5, busy: 50 };
/** Longest wait for quiet, in milliseconds, and the largest part of the whole drain. */
const LONGEST_QUIET_MS = 2000;
const LARGEST_SHARE = 0.5;

/** A server that can drain. */
export interface Drainable {
  /**
   * Stops accepting connections, answers further requests on existing connections, then closes.
   *
   * @param finish - Ends the long-lived answers. Gets a promise that resolves once the last request
   *   is answered.
   * @param boundMs - Longest wait in total, in milliseconds from now. Connections that are still
   *   open then are cut.
   */
  drain(finish: (serving: Promise<void>) => Promise<void>, boundMs: number): Promise<void>;
}

export interface ServingOptions {
  /** Reads some of the server's connections itself. */
  readonly strict?: StrictReader | undefined;
  /** Counts the server's connections. */
  readonly sockets?: Sockets | undefined;
  /** Whether other processes listen on the same port, and drain at the same time. */
  readonly isShared?: boolean;
}

/** Attaches the listener, and returns the means to take the server down. */
export function serveRequests(
  server: Server,
  listener: RequestListener,
  { strict, sockets, isShared = false }: ServingOptions = {},
): Drainable {
  let sendsAway = false;
  let requests = 0;
  /** Answers under way to POST requests, such as publishes. */
  const underWay = new Set<ServerResponse>();
  const sessions = sessionsOf(server);
  server.on("session", (session: ServerHttp2Session) => {
    // The handshake was under way when the drain began.
    if (sendsAway) session.close();
  });
  const ended = function (this: ServerResponse): void {
    underWay.delete(this);
  };
  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    // A client that keeps its connection would send the next request into a closed server.
    if (sendsAway) sendAwayBy(res);
    else if (req.method === "POST") {
      underWay.add(res);
      res.once("close", ended);
    }
    listener(req, res);
  };
  server.on("request", (req, res) => {
    // Node still parses the bytes that it had read from a cut connection. Nobody waits for these
    // answers.
    if (req.socket.destroyed) return;
    requests++;
    answerInTurn(req, () => answer(req, res));
  });

  /**
   * Accepts the connections of the backlog. Closing the port would reset them, including requests
   * already sent. Meanwhile requests wait: on a busy machine, 100 ms of them between two turns would
   * leave some in the backlog.
   */
  async function acceptTheLast(longestMs: number): Promise<void> {
    const deadline = performance.now() + longestMs;
    let turns = 0;
    const restart = (): void => void (turns = 0);
    server.on("connection", restart);
    strict?.hold();
    for (; turns < ACCEPT_TURNS && performance.now() < deadline; turns++) await immediate();
    strict?.goOn();
    server.off("connection", restart);
  }

  /**
   * Sends away clients that reuse a connection, each with the answer to its next request. Closing
   * an idle connection could leave a request just sent without an answer, and its outcome unknown
   * to the sender.
   */
  async function sendAway(longestMs: number): Promise<void> {
    const deadline = performance.now() + longestMs;
    const all = (): number => requests + (strict?.requests ?? 0);
    const first = all();
    await sleep(Math.min(isShared ? UNLISTEN_MS.shared : UNLISTEN_MS.alone, longestMs));
    sendsAway = true;
    strict?.sendAway();
    // Otherwise a client whose answer is late would send its next request into a closed server.
    for (const res of underWay) if (!res.headersSent) sendAwayBy(res);
    // Tells the client to send no more. Requests that are there already are answered.
    for (const session of sessions) session.close();
    let seen = all();
    for (let looks = 0; looks < (all() === first ? QUIET_LOOKS.idle : QUIET_LOOKS.busy) && performance.now() < deadline; looks++) {
      await sleep(LOOK_MS);
      if (all() > seen || underWay.size > 0 || (strict?.underWay ?? 0) > 0) looks = 0;
      seen = all();
    }
  }

  return {
    async drain(finish, boundMs) {
      const deadline = performance.now() + boundMs;
      await acceptTheLast(Math.min(LONGEST_ACCEPT_MS, boundMs * LARGEST_SHARE));
      // Not the `close` of HTTP, which closes idle connections at once.
      const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
      if (await hasConnections(server)) await sendAway(Math.min(LONGEST_QUIET_MS, boundMs * LARGEST_SHARE));
      const finished = finish(closed);
      // Connections that were busy when the drain began become idle one by one.
      const sweep = setInterval(() => {
        server.closeIdleConnections();
        strict?.closeIdle();
        sockets?.endHandshakes();
      }, LOOK_MS);
      const cut = setTimeout(
        () => {
          server.closeAllConnections();
          for (const session of sessions) session.destroy();
          strict?.closeAll();
        },
        Math.max(0, deadline - performance.now()),
      );
      // A fault of `finish` must not wait for the streams that it has not ended.
      await Promise.all([closed, finished]).finally(() => {
        clearInterval(sweep);
        clearTimeout(cut);
      });
    },
  };
}

/** Ends the connection after an answer. Connections of HTTP/2 are told on their own. */
function sendAwayBy(res: ServerResponse): void {
  if (res.req.httpVersionMajor === 1) res.setHeader("connection", "close");
}

function hasConnections(server: Server): Promise<boolean> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error !== null || count > 0)));
}
