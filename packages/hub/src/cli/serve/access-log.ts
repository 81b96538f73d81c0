import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { monotonicMs } from "../../core/scheduler.ts";
import type { StrictHub } from "../../http/strict/request.ts";
import type { Logger } from "../../index.ts";

/** The field with which a request and its answer are found in several logs. */
const REQUEST_ID = "x-request-id";
/** Syntax of an id that is taken over from a proxy. */
const ID = /^[\w.:/+=-]{1,128}$/;
/** Most characters of a path in the log. */
const SHOWN_CHARACTERS = 500;
/** Parameters whose values are secrets: the token of Mercure 0.x, and its name in OAuth. */
const SECRETS = /([?&](?:authorization|access_token)=)[^&]*/gi;

/** Finds the client of a request. */
interface Clients {
  readonly clientOf: (req: IncomingMessage) => string | undefined;
  /** Whether an address is a trusted proxy's. */
  readonly isProxy: (address: string) => boolean;
}

/**
 * Logs each request at its end, one line each, and gives it an id. A stream ends when its connection
 * does.
 */
export class AccessLog {
  readonly #logger: Logger;
  readonly #clients: Clients;

  constructor(logger: Logger, clients: Clients) {
    this.#logger = logger;
    this.#clients = clients;
  }

  /** Watches a request of Node's server. */
  watch(req: IncomingMessage, res: ServerResponse): void {
    const beganAt = monotonicMs();
    const { method, url = "/", socket, httpVersion } = req;
    const address = this.#clients.clientOf(req);
    const given = req.headers[REQUEST_ID];
    const isFromProxy = socket.remoteAddress !== undefined && this.#clients.isProxy(socket.remoteAddress);
    const id = isFromProxy && typeof given === "string" && ID.test(given) ? given : randomUUID();
    // Connections of HTTP/2 carry several requests at once.
    const before = req.httpVersionMajor === 1 ? socket.bytesWritten : undefined;
    res.setHeader(REQUEST_ID, id);
    res.once("close", () => {
      const bytes = before === undefined ? undefined : socket.bytesWritten - before;
      this.#write({ id, method, path: url, httpVersion, status: res.statusCode, bytes, address }, beganAt);
    });
  }

  /** Watches the publishes that are read without Node's parser. */
  around(hub: StrictHub): StrictHub {
    return {
      get bodyBytes() {
        return hub.bodyBytes;
      },
      resolve: (target) => hub.resolve(target),
      answer: async (publish) => {
        const beganAt = monotonicMs();
        const id = randomUUID();
        const { head, address } = publish;
        const reply = await hub.answer(publish);
        this.#write(
          { id, method: "POST", path: head.target, httpVersion: "1.1", status: reply.status, bytes: undefined, address },
          beganAt,
        );
        return { ...reply, headers: { ...reply.headers, "X-Request-Id": id } };
      },
    };
  }

  #write(request: LoggedRequest, beganAt: number): void {
    const { path, bytes, address, ...rest } = request;
    this.#logger.info(
      {
        ...rest,
        path: path.replaceAll(SECRETS, "$1…").slice(0, SHOWN_CHARACTERS),
        ms: Math.round(10 * (monotonicMs() - beganAt)) / 10,
        ...(bytes !== undefined && { bytes }),
        ...(address !== undefined && { address }),
      },
      "request",
    );
  }
}

interface LoggedRequest {
  readonly id: string;
  readonly method: string | undefined;
  /** With the query. */
  readonly path: string;
  readonly httpVersion: string;
  readonly status: number;
  /** Sent on the connection, heads included. */
  readonly bytes: number | undefined;
  readonly address: string | undefined;
}
