import type { ServerResponse } from "node:http";
import type { Framing } from "../../core/update/wire.ts";

/**
 * Sets header fields beside the existing ones. `Vary` is joined, because the answer depends on
 * both.
 */
export function setHeaders(res: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, name === "Vary" ? joinVary(res.getHeader(name), value) : value);
}

/**
 * Makes the head of a stream that takes its socket over. The response has the same head and does
 * not send it. So hooks that wait for the head can add their fields, and loggers find the status.
 *
 * @returns The status line and header fields.
 */
export function takeHead(res: ServerResponse, headers: Readonly<Record<string, string>>, framing: Framing): string {
  setHeaders(res, headers);
  // The connection carries nothing after the stream, because its parser is gone.
  res.setHeader("Connection", "close");
  res.writeHead(200);
  const all: Record<string, number | string | readonly string[] | undefined> = {
    date: new Date().toUTCString(),
    ...res.getHeaders(),
    // Hooks know neither the framing nor the compression of the bytes.
    "content-encoding": headers["Content-Encoding"],
    "content-length": undefined,
    "transfer-encoding": framing === "chunked" ? "chunked" : undefined,
    connection: "close",
  };
  let head = "HTTP/1.1 200 OK\r\n";
  for (const [name, value] of Object.entries(all)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) head += `${name}: ${String(one)}\r\n`;
  }
  return `${head}\r\n`;
}

function joinVary(before: number | string | readonly string[] | undefined, value: string): string {
  const names = [before ?? "", value].flat().flatMap((one) => String(one).split(","));
  const known = new Map<string, string>();
  for (const name of names.map((one) => one.trim())) if (name !== "" && !known.has(name.toLowerCase())) known.set(name.toLowerCase(), name);
  return [...known.values()].join(", ");
}
