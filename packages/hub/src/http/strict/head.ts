/** The head of a request that the strict reader takes: a plain POST whose body has a known length. */
export interface StrictHead {
  /** The path, as written. */
  readonly target: string;
  /** By lower-case name. Each field occurs once. */
  readonly fields: ReadonlyMap<string, string>;
  /** Bytes of the head, with the empty line. */
  readonly headBytes: number;
  /** Bytes of the body. */
  readonly bodyBytes: number;
}

/** `partial`: more bytes may decide. `other`: a request for Node's parser. */
export type HeadVerdict = StrictHead | "partial" | "other";

/** Longest head that is taken, in bytes. Tokens are seldom longer than 2 KiB. */
export const MOST_HEAD_BYTES: number = 8192;
/** Longest body that is taken, in bytes. A larger one seldom comes with its head. */
export const MOST_BODY_BYTES: number = 16 * 1024;

/** The first bytes of HTTP/2 without TLS. RFC 9113, section 3.4. */
const HTTP2_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

const METHOD = Buffer.from("POST ");
const END = Buffer.from("\r\n\r\n");

/** Only characters that have one meaning in a path, and no query. */
const REQUEST_LINE = /POST (\/[\w.~/-]*) HTTP\/1\.1\r\n/y;
/**
 * One field line. The name is a token. The value is printable ASCII without white space around it,
 * which one parser could keep and another drop.
 */
const FIELD_LINE = /([\w!#$%&'*+.^`|~-]+): ?([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)\r\n/y;

/**
 * All fields that are understood. Any other name is left to Node's parser and the checks behind it:
 * those of pages (`Cookie`, `Origin`, `Sec-Fetch-Site`), of proxies (`Forwarded`), and those that
 * change the message (`Transfer-Encoding`, `Expect`, `Upgrade`).
 */
const FIELDS: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "authorization",
  "baggage",
  "cache-control",
  "connection",
  "content-length",
  "content-type",
  "host",
  "idempotency-key",
  "pragma",
  "sec-fetch-mode",
  "traceparent",
  "tracestate",
  "user-agent",
  "x-request-id",
]);

/** A length in one spelling. `+5`, `05` and `5, 5` are left to Node's parser. */
const LENGTH = /^(?:0|[1-9]\d{0,5})$/;
/** A host with an optional port. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** Whether a connection begins as HTTP/2 does. */
export function isHttp2(bytes: Buffer): boolean {
  return bytes.length >= HTTP2_PREFACE.length && agree(bytes, HTTP2_PREFACE);
}

/** Whether two texts are the same, as far as both go. */
function agree(bytes: Buffer, other: Buffer): boolean {
  const length = Math.min(bytes.length, other.length);
  return bytes.compare(other, 0, length, 0, length) === 0;
}

/**
 * Reads the head of a request. Takes only a head with one possible meaning. It never refuses a
 * request: Node's parser decides all others.
 *
 * @param bytes - The first bytes of the connection that no request has used.
 * @see RFC 9112; docs/decisions/the-way-in.md
 */
export function readHead(bytes: Buffer): HeadVerdict {
  if (!agree(bytes, METHOD)) return bytes.length < HTTP2_PREFACE.length && agree(bytes, HTTP2_PREFACE) ? "partial" : "other";
  const end = bytes.indexOf(END);
  if (end < 0) return bytes.length > MOST_HEAD_BYTES ? "other" : "partial";
  const headBytes = end + END.length;
  if (headBytes > MOST_HEAD_BYTES) return "other";
  // Without the empty line. Each line has its end.
  const text = bytes.toString("latin1", 0, end + 2);
  REQUEST_LINE.lastIndex = 0;
  const target = REQUEST_LINE.exec(text)?.[1];
  if (target === undefined) return "other";
  const fields = readFields(text, REQUEST_LINE.lastIndex);
  if (fields === undefined) return "other";
  const length = fields.get("content-length");
  const connection = fields.get("connection");
  if (length === undefined || !LENGTH.test(length) || Number(length) > MOST_BODY_BYTES) return "other";
  if (!HOST.test(fields.get("host") ?? "") || (connection !== undefined && connection.toLowerCase() !== "keep-alive")) return "other";
  return { target, fields, headBytes, bodyBytes: Number(length) };
}

/** @returns Undefined if a line is not understood, or a field comes twice. */
function readFields(text: string, start: number): ReadonlyMap<string, string> | undefined {
  const fields = new Map<string, string>();
  for (FIELD_LINE.lastIndex = start; FIELD_LINE.lastIndex < text.length;) {
    const [, written, value] = FIELD_LINE.exec(text) ?? [];
    const name = written?.toLowerCase();
    if (name === undefined || value === undefined || !FIELDS.has(name) || fields.has(name)) return undefined;
    fields.set(name, value);
  }
  return fields;
}
