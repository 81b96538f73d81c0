import { connect } from "node:net";
import { expect, onTestFinished } from "vitest";

/** A stream as it is on the wire. */
export interface RawStream {
  /** Status line and header fields. */
  readonly head: string;
  /** The chunks that are complete, in order; without chunked framing, one of all that came. */
  chunks(): Buffer[];
  /** Content so far, without the framing. */
  body(): Buffer;
  /** Everything after the head, as it came. */
  wire(): Buffer;
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>;
}

/** Opens a stream on a bare socket and waits for its head. The socket ends with the test. */
export async function openRaw(
  port: number,
  target: string,
  { fields = "", version = "1.1" }: { readonly fields?: string; readonly version?: string } = {},
): Promise<RawStream> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let bytes = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])));
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.write(`GET ${target} HTTP/${version}\r\nHost: x\r\n${fields}\r\n`);
  await expect.poll(() => bytes.indexOf("\r\n\r\n")).toBeGreaterThan(0);
  const end = bytes.indexOf("\r\n\r\n");
  const head = bytes.subarray(0, end).toString("latin1");
  const wire = (): Buffer => bytes.subarray(end + 4);
  const chunks = (): Buffer[] => (/^transfer-encoding: chunked$/im.test(head) ? splitChunks(wire()) : [wire()]);
  return { head, chunks, body: () => Buffer.concat(chunks()), wire, ended };
}

/** Splits a chunked body. What is not complete yet is left out. */
function splitChunks(wire: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = wire.indexOf("\r\n", at);
    if (lineEnd < 0) return chunks;
    const size = wire.toString("latin1", at, lineEnd);
    if (!/^[\da-f]+$/.test(size)) throw new Error(`${JSON.stringify(size)} is no size of a chunk.`);
    const start = lineEnd + 2;
    at = start + Number.parseInt(size, 16) + 2;
    if (at > wire.length) return chunks;
    if (wire.toString("latin1", at - 2, at) !== "\r\n") throw new Error("A chunk does not end in CRLF.");
    if (at > start + 2) chunks.push(wire.subarray(start, at - 2));
  }
}
