import { type Server, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { LogThrottle } from "../../core/log-throttle.ts";
import { after } from "../../core/scheduler.ts";
import type { Cors } from "../../http/reply/cors.ts";
import { problemReply } from "../../http/reply/problem.ts";
import { type ErrorCode, HubError, type Logger } from "../../index.ts";

/**
 * How long a refused peer may take for the answer, in milliseconds. Further bytes are dropped
 * meanwhile, because a reset could overtake the answer.
 */
const ANSWER_MS = 1000;

/** Errors of Node's parser and their answers. Every other error means invalid HTTP. */
const REFUSALS: ReadonlyMap<string | undefined, readonly [code: ErrorCode, detail: string]> = new Map([
  [
    "HPE_HEADER_OVERFLOW",
    ["headers_too_large", "The request's header is larger than this server accepts. Send less, such as fewer cookies."],
  ],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", ["too_large", "The chunks of the request's body have longer extensions than this server accepts."]],
  ["ERR_HTTP_REQUEST_TIMEOUT", ["request_timeout", "The request was not complete in time. Send it faster, or in parts."]],
]);
const MALFORMED = ["malformed_request", "The request is not valid HTTP/1.1. Correct what sends it."] as const;

/** Errors before a TLS connection is there. Nothing can be told over it. */
const HANDSHAKE = /^ERR_(?:SSL|TLS)_/;

interface Answering extends Socket {
  /** Node's undocumented reference to the pending answer. Without it, no answer is pending. */
  readonly _httpMessage?: { readonly headersSent?: boolean; readonly req?: { readonly complete?: boolean } } | null;
}

/**
 * Answers requests that Node's HTTP parser refuses in the hub's way, and logs them. Otherwise the
 * peer gets a bare status, and the operator learns nothing.
 */
export function refuseUnparsed(server: Server, cors: Cors, logger: Logger): void {
  const notices = new LogThrottle(logger);
  const refused = new WeakSet<Socket>();
  server.on("clientError", (error: NodeJS.ErrnoException & { readonly reason?: string }, socket: Answering) => {
    if (HANDSHAKE.test(error.code ?? "")) {
      socket.destroy();
      const advice = error.code === "ERR_SSL_HTTP_REQUEST" ? " It spoke plain HTTP: its URL needs https://." : "";
      notices.warn("handshake", { why: error.code }, `A client's TLS handshake failed.${advice}`);
      return;
    }
    // The rest of the peer's bytes fails as well.
    if (refused.has(socket)) return;
    refused.add(socket);
    const { _httpMessage: answer } = socket;
    // Nothing can be told to a peer that is gone, or after an answer has begun. A refusal would
    // pass for the answer to an earlier whole request.
    if (!socket.writable || error.code === "ECONNRESET" || answer?.headersSent === true || answer?.req?.complete === true) {
      socket.destroy();
      return;
    }
    const [code, detail] = REFUSALS.get(error.code) ?? MALFORMED;
    const { status, headers, body } = problemReply(new HubError(code, detail), logger);
    const fields = { ...headers, ...cors.headers(undefined), "Content-Length": String(Buffer.byteLength(body)), Connection: "close" };
    const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const address = socket.remoteAddress;
    notices.warn(
      code,
      { code, status, detail, why: error.reason ?? error.code, ...(address !== undefined && { address }) },
      "A request is refused that could not be read.",
    );
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${head.join("")}\r\n${body}`);
    after(ANSWER_MS, () => socket.destroy());
  });
}
