import type { IncomingMessage } from "node:http";
import { HubError } from "../core/errors.ts";

/** The destination of a request. */
export interface RequestTarget {
  /** Host and port that the request names. Undefined if it names none. */
  readonly host: string | undefined;
  readonly pathname: string;
  /** Without the `?`. */
  readonly query: string;
}

/** Absolute-form, which every server must accept. */
const ABSOLUTE = /^https?:\/\/([^/?#]*)/i;

/**
 * Reads the target of a request of `node:http` or `node:http2`. The host of an absolute target wins
 * over the `Host` field.
 *
 * @see RFC 9112, 3.2 "Request Target".
 */
export function targetOf({ url = "/", headers }: IncomingMessage): RequestTarget {
  // HTTP/2 names the host in a pseudo-header.
  const named = (headers[":authority"] as string | undefined) ?? headers.host;
  // The form of nearly all requests. A publish must not pay for the others.
  if (url.startsWith("/")) return { host: named, ...split(url) };
  const absolute = ABSOLUTE.exec(url);
  if (absolute === null) return { host: named, ...split(url) };
  const rest = url.slice(absolute[0].length);
  return { host: absolute[1], ...split(rest.startsWith("/") ? rest : `/${rest}`) };
}

function split(target: string): { readonly pathname: string; readonly query: string } {
  const mark = target.indexOf("?");
  return mark < 0 ? { pathname: target, query: "" } : { pathname: target.slice(0, mark), query: target.slice(mark + 1) };
}

/**
 * Checks that a request has at most one `Host` field. A proxy and this server could each use
 * another one. Node's `headers` shows the first.
 *
 * @throws HubError `invalid_host`.
 * @see RFC 9112, 3.2.
 */
export function checkHost({ httpVersionMajor, rawHeaders }: IncomingMessage): void {
  if (httpVersionMajor !== 1) return;
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  if (hosts > 1) throw new HubError("invalid_host", "The request has several `Host` fields. Send one.");
}
