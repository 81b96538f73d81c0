/**
 * Whether the body is JSON. A browser posts a form from another site without asking first, but not
 * JSON.
 */
export function isJson(request: Request): boolean {
  return request.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase() === "application/json";
}

/**
 * Reads up to a bound, regardless of the announced length.
 *
 * @returns Undefined for a longer body.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers.get("Content-Length") ?? 0) > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
