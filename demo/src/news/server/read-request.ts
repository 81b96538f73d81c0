import { problem } from "./problem.ts";

/** Longest body, in bytes. A list of 99 feeds with long addresses fits. */
export const MAX_BODY_BYTES = 262_144;

/**
 * Keeps other sites' pages from changing anything. Returns the refusal, or undefined for an own
 * page or a program.
 */
export function refuseOtherPages(request: Request): Response | undefined {
  const origin = request.headers.get("Origin");
  const site = request.headers.get("Sec-Fetch-Site") ?? "same-origin";
  const isOwn = origin === null || (URL.canParse(origin) && new URL(origin).host === new URL(request.url).host);
  if (isOwn && (site === "same-origin" || site === "none")) return undefined;
  return problem("origin_forbidden", "Use the news' own page.");
}

/** Reads a bounded body of JSON. Returns a response as the refusal. */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") return problem("unsupported_media_type", "Send `Content-Type: application/json`.");
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return problem("too_large", `Send at most ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    return problem("invalid_body", "The body is not JSON.");
  }
}
