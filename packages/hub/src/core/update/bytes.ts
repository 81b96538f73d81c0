/**
 * Bytes in the form that sockets want: a `Buffer` if there is one, so that no write has to wrap
 * them again.
 */
const encoder = new TextEncoder();
const NodeBuffer: typeof Buffer | undefined = globalThis.Buffer;

/** Encodes text as UTF-8. */
export const encodeUtf8: (text: string) => Uint8Array = NodeBuffer
  ? (text) => NodeBuffer.from(text, "utf8")
  : (text) => encoder.encode(text);

/** Number of bytes of a text in UTF-8. */
export const utf8Bytes: (text: string) => number = NodeBuffer
  ? (text) => NodeBuffer.byteLength(text, "utf8")
  : (text) => encoder.encode(text).length;

/** Writes text as UTF-8 into bytes, which must have room for the text. */
export const writeUtf8: (text: string, bytes: Uint8Array, at: number) => void = NodeBuffer
  ? (text, bytes, at) => void (bytes as Buffer).write(text, at, "utf8")
  : (text, bytes, at) => void encoder.encodeInto(text, bytes.subarray(at));

/** Allocates bytes of any content, to be overwritten. */
export const allocate: (length: number) => Uint8Array = NodeBuffer
  ? (length) => NodeBuffer.allocUnsafe(length)
  : (length) => new Uint8Array(length);

/** Joins chunks into one. A single chunk is returned as it is. */
export function joinBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  if (NodeBuffer) return NodeBuffer.concat(chunks);
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const joined = allocate(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

/**
 * Copies a text into one piece. V8 keeps a random UUID as a tree of its parts, which takes eight
 * times the memory. ASCII only.
 */
export const flatten: (text: string) => string = NodeBuffer ? (text) => NodeBuffer.from(text, "latin1").toString("latin1") : (text) => text;
