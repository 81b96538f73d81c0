import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { takesGzip } from "../../http/reply/gzip.ts";
import { targetOf } from "../../http/request-target.ts";
import { HubError } from "../../index.ts";
import { type Refuse, schemeOf } from "./page.ts";
import { parseUrl } from "../../core/parse-url.ts";

const compress = promisify(gzip);

/** A handler of the Fetch API that also receives Node's request, which has the client's address. */
export type FetchHandler = (request: Request, incoming: IncomingMessage) => Promise<Response>;

/** Methods that a `Request` can't have. */
const IMPOSSIBLE: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Shorter JSON, in bytes, is sent as it is. Tokens are shorter, and must not be compressed with what a client sent. */
const MIN_COMPRESSED_BYTES = 1024;

/**
 * Answers requests of `node:http` with a Fetch handler. The request's signal aborts if the client
 * leaves before the end of the answer.
 *
 * @param refuse - Answers if the handler throws.
 */
export function fetchListener(handler: FetchHandler, refuse: Refuse): (req: IncomingMessage, res: ServerResponse) => void {
  return (req, res) => {
    answer(handler, req, res).catch((error: unknown) => {
      // A partly sent answer can only be cut off.
      if (res.headersSent || res.destroyed) res.destroy();
      else refuse(req, res, error);
    });
  };
}

async function answer(handler: FetchHandler, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const left = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) left.abort();
  });
  const response = await compressJson(await handler(requestOf(req, left.signal), req), req);
  if (res.destroyed) return void response.body?.cancel();
  for (const [name, value] of response.headers) if (name !== "set-cookie") res.setHeader(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) res.setHeader("set-cookie", cookies);
  res.writeHead(response.status);
  if (response.body === null) res.end();
  else await pipeline(response.body, res);
}

/** Compresses the answers that a page asks for. Files are compressed when they are built, and streams by the hub. */
async function compressJson(response: Response, req: IncomingMessage): Promise<Response> {
  const { headers, status, body } = response;
  if (body === null || !/^application\/json\b/.test(headers.get("content-type") ?? "") || headers.has("content-encoding")) return response;
  headers.append("Vary", "Accept-Encoding");
  if (!takesGzip(req.headers["accept-encoding"])) return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  headers.delete("content-length");
  if (bytes.length < MIN_COMPRESSED_BYTES) return new Response(bytes, { status, headers });
  headers.set("Content-Encoding", "gzip");
  return new Response(new Uint8Array(await compress(bytes)), { status, headers });
}

/** @throws HubError if the message can't become a `Request`. */
function requestOf(req: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", rawHeaders } = req;
  if (IMPOSSIBLE.has(method)) throw new HubError("method_not_allowed", `Nothing here answers ${method}.`);
  const { host = "localhost", pathname, query } = targetOf(req);
  const url = `${schemeOf(req)}://${host}${pathname}${query === "" ? "" : `?${query}`}`;
  // `*` has no slash, and would become a part of the host.
  if (!pathname.startsWith("/") || parseUrl(url) === undefined)
    throw new HubError("invalid_host", "The request names no host and path that make a URL.");
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = "", value = ""] = rawHeaders.slice(i, i + 2);
    // Pseudo-headers of HTTP/2 are no fields.
    if (!name.startsWith(":")) headers.append(name, value);
  }
  if (method === "GET" || method === "HEAD") return new Request(url, { method, headers, signal });
  // The DOM's type lacks the member that Node requires for a stream.
  const init: RequestInit & { duplex: "half" } = {
    method,
    headers,
    signal,
    body: Readable.toWeb(req) as ReadableStream<Uint8Array>,
    duplex: "half",
  };
  return new Request(url, init);
}
