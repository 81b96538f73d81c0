import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Duplex } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import { MOST_BODY_BYTES, MOST_HEAD_BYTES, readHead } from "../../../packages/hub/src/http/strict/head.ts";
import { createRequestSource, SMUGGLED } from "./requests.ts";

/** Connections. The whole comparison is `STRICT_FUZZ=1000000 npx vitest run test/http/strict/head.test.ts`. */
const CONNECTIONS = Number(process.env.STRICT_FUZZ ?? 40_000);
/** Connections that are read at the same time. */
const TOGETHER = 100;
const SEED = Number(process.env.SEED ?? 2026);

// A busy machine gives most of its time to others.
vi.setConfig({ testTimeout: 300_000 + 10 * CONNECTIONS });

/** A request as one of the two parsers reads it. */
interface Read {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** All requests at the start of a connection that the strict reader takes. */
function readStrictly(bytes: Buffer): readonly Read[] {
  const found: Read[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const head = readHead(rest);
    if (typeof head === "string" || rest.length < head.headBytes + head.bodyBytes) return found;
    const end = head.headBytes + head.bodyBytes;
    found.push({
      method: "POST",
      target: head.target,
      fields: [...head.fields],
      body: rest.toString("latin1", head.headBytes, end),
    });
    rest = rest.subarray(end);
  }
  return found;
}

/** A connection without a network, which Node's server reads as any other. */
class Connection extends Duplex {
  readonly found: Read[] = [];
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done();
  }
  setTimeout(): this {
    return this;
  }
}

/** Node's own reading of connections. */
function createNodeReader(): (bytes: Buffer) => Promise<readonly Read[]> {
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    const { found } = req.socket as unknown as Connection;
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    const { rawHeaders, method = "", url: target = "" } = req;
    const fields = Array.from(
      { length: rawHeaders.length / 2 },
      (_, i) => [(rawHeaders[2 * i] ?? "").toLowerCase(), rawHeaders[2 * i + 1] ?? ""] as const,
    );
    // Whole requests only.
    req.on("end", () => found.push({ method, target, fields, body: Buffer.concat(chunks).toString("latin1") }));
    res.end();
  });
  // Not at once: the requests before are read in the next turn.
  server.on("clientError", (_error, socket) => void setImmediate(() => setImmediate(() => socket.destroy())));
  return async (bytes) => {
    const connection = new Connection();
    server.emit("connection", connection);
    connection.push(bytes);
    connection.push(null);
    await new Promise<void>((resolve) => void connection.once("close", resolve));
    return connection.found;
  };
}

describe("The strict reader of heads", () => {
  it("takes no request that two parsers could read in two ways", () => {
    expect(SMUGGLED.filter((text) => typeof readHead(Buffer.from(text, "latin1")) !== "string")).toEqual([
      // Its target is a path like any other, and no path of a hub.
      expect.stringContaining("POST //a/hub "),
    ]);
  });

  it("waits for the rest of a head or a method, and for no more than its bounds", () => {
    const head = "POST /hub HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    for (let length = 0; length < head.length; length++) expect(readHead(Buffer.from(head.slice(0, length)))).toBe("partial");
    expect(readHead(Buffer.from(head))).toMatchObject({ target: "/hub", headBytes: head.length, bodyBytes: 0 });
    const padded = (bytes: number): Buffer =>
      Buffer.from(head.replace("\r\n\r\n", `\r\nAccept: ${"a".repeat(bytes - head.length - 10)}\r\n\r\n`));
    expect(padded(MOST_HEAD_BYTES)).toHaveLength(MOST_HEAD_BYTES);
    expect(readHead(padded(MOST_HEAD_BYTES))).toMatchObject({ headBytes: MOST_HEAD_BYTES });
    expect(readHead(padded(MOST_HEAD_BYTES + 1))).toBe("other");
    expect(readHead(Buffer.alloc(MOST_HEAD_BYTES + 1, "POST /a"))).toBe("other");
    expect(readHead(Buffer.from(head.replace("Length: 0", `Length: ${MOST_BODY_BYTES}`)))).toMatchObject({ bodyBytes: MOST_BODY_BYTES });
    expect(readHead(Buffer.from(head.replace("Length: 0", `Length: ${MOST_BODY_BYTES + 1}`)))).toBe("other");
  });

  it(`reads ${CONNECTIONS} connections as Node's parser does, or hands them on`, async () => {
    const source = createRequestSource(SEED);
    const readByNode = createNodeReader();
    let taken = 0;
    let handedOn = 0;
    for (let i = 0; i < CONNECTIONS; i += TOGETHER) {
      const batch = Array.from({ length: TOGETHER }, () => source.next());
      const read = await Promise.all(batch.map(readByNode));
      for (const [n, bytes] of batch.entries()) {
        const node = read[n] ?? [];
        const strict = readStrictly(bytes);
        if (JSON.stringify(node.slice(0, strict.length)) !== JSON.stringify(strict)) {
          expect(strict, JSON.stringify(bytes.toString("latin1"))).toEqual(node.slice(0, strict.length));
        }
        taken += strict.length;
        handedOn += node.length - strict.length;
      }
    }
    // Neither kind is rare.
    expect(taken).toBeGreaterThan(CONNECTIONS / 4);
    expect(handedOn).toBeGreaterThan(CONNECTIONS / 20);
    if (process.env.STRICT_FUZZ !== undefined) console.log({ connections: CONNECTIONS, taken, handedOn });
  });
});
