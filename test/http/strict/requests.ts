import { createRandom } from "../../support/random.ts";

/** A source of requests, valid or nearly so. The same seed gives the same ones. */
export interface RequestSource {
  /** The bytes of a connection: one request or several. */
  next(): Buffer;
}

/** Requests that two parsers could read in two ways, or that pass through one of them unseen. */
export const SMUGGLED: readonly string[] = [
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: -4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 0x4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 04\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length : 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\n Content-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\tX: folded\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\nHost: a\nContent-Length: 4\n\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\rContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\0b\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4\0\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
  "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
  "POST /hub HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd",
  "POST http://a/hub HTTP/1.1\r\nHost: b\r\nContent-Length: 4\r\n\r\nabcd",
  "POST //a/hub HTTP/1.1\r\nHost: b\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub?private=on HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub#x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /h\x75b%00 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
  "POST  /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
  "POST\t/hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.0\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1 \r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub http/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
  "\r\nPOST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\n\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, content-length\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nAuthorization: Bearer y\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nAccept: \xe9\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nAccept: a\x7fb\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\n: empty\r\nContent-Length: 4\r\n\r\nabcd",
  "POST /hub HTTP/1.1\r\nHost: a\r\nno colon\r\nContent-Length: 4\r\n\r\nabcd",
  "PUT /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
  "GET /hub HTTP/1.1\r\nHost: a\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

const FIELDS: readonly string[] = [
  "Content-Type: application/x-www-form-urlencoded",
  "content-type: application/json",
  "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl",
  "Accept: */*",
  "ACCEPT-ENCODING: gzip, deflate",
  "Accept-Language:en",
  "User-Agent: curl/8.5.0",
  "Connection: keep-alive",
  "Connection: Keep-Alive",
  'Idempotency-Key: "8e03978e-40d5-43e8-bc93-6894a57f9324"',
  "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  "X-Request-Id: 7",
  "Cache-Control: no-cache",
];
/** Fields that change the message, or that another check reads. */
const OTHERS: readonly string[] = [
  "Transfer-Encoding: chunked",
  "Expect: 100-continue",
  "Upgrade: h2c",
  "Cookie: a=b",
  "Origin: https://a.example",
  "X-Forwarded-For: 192.0.2.1",
  "Content-Encoding: gzip",
  "Trailer: a",
  "Connection: close",
  "X-Custom: 1",
];
const BODIES: readonly string[] = [
  "",
  "topic=a&data=b",
  "topic=a&data=\u00e9\u{1f4a7}",
  '{"topic":"a","data":"POST / HTTP/1.1\\r\\n\\r\\n"}',
  "a\r\n\r\nb",
  "x".repeat(3000),
];
const EDITS: readonly string[] = [
  ..."\0 \t \n \r \x0b : , ; = + - 0 1 / ? # % \x7f \x80 \xff".split(" "),
  " ",
  "\r\n",
  "\r\n\r\n",
  "\n\n",
  "\r\n ",
  "Content-Length: 1\r\n",
  "chunked",
];

/** @param seed - Any whole number. */
export function createRequestSource(seed: number): RequestSource {
  const { below, pick } = createRandom(seed);

  function valid(): string {
    const body = pick(BODIES);
    const fields = ["Host: 127.0.0.1:3000", `Content-Length: ${Buffer.byteLength(body)}`];
    const names = new Set<string>();
    for (let count = below(6); count > 0; count--) {
      const field = pick(FIELDS);
      const name = field.slice(0, field.indexOf(":")).toLowerCase();
      if (!names.has(name)) fields.push(field);
      names.add(name);
    }
    if (below(8) === 0) fields.push(pick(OTHERS));
    fields.sort(() => below(3) - 1);
    return `POST ${pick(["/hub", "/events/stream", "/a/b-c.d~e"])} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n${Buffer.from(body, "utf8").toString("latin1")}`;
  }

  function edit(text: string): string {
    // Most edits are of the head, where the meaning is.
    const at = below(below(4) === 0 ? text.length + 1 : text.indexOf("\r\n\r\n") + 5);
    switch (below(5)) {
      case 0:
        return text.slice(0, at) + pick(EDITS) + text.slice(at);
      case 1:
        return text.slice(0, at) + pick(EDITS) + text.slice(at + 1);
      case 2:
        return text.slice(0, at) + text.slice(at + 1 + below(6));
      case 3:
        return text.slice(0, at + below(30)) + text.slice(at);
      default:
        return text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + 1);
    }
  }

  return {
    next() {
      let text = below(10) === 0 ? pick(SMUGGLED) : valid();
      for (let edits = below(3); edits > 0; edits--) text = edit(text);
      for (let more = below(4); more > 1; more--) text += below(2) === 0 ? valid() : edit(valid());
      return Buffer.from(text, "latin1");
    },
  };
}
