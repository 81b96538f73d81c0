import { STATUS_CODES } from "node:http";
import type { Reply } from "../reply/reply.ts";

let second = 0;
let date = "";

/** The `Date` field's value. Made once a second. */
function dateNow(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = new Date(now * 1000).toUTCString();
  }
  return date;
}

/**
 * Encodes an answer as Node's HTTP server does: the same fields in the same order, in one buffer.
 *
 * @param keepAliveSeconds - Time for which the connection stays open without a request. Undefined
 *   for the last answer of a connection.
 */
export function encodeAnswer({ status, headers, body }: Reply, keepAliveSeconds: number | undefined): Buffer {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "unknown"}\r\n`;
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  const bodyBytes = Buffer.byteLength(body);
  const connection =
    keepAliveSeconds === undefined ? "Connection: close\r\n" : `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}\r\n`;
  head += `Date: ${dateNow()}\r\n${connection}Content-Length: ${bodyBytes}\r\n\r\n`;
  // Nearly all answers are ASCII.
  if (bodyBytes === body.length) return Buffer.from(head + body, "latin1");
  return Buffer.concat([Buffer.from(head, "latin1"), Buffer.from(body, "utf8")]);
}
