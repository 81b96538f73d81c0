import { isFromOwnPage } from "artesian/command";
import { isJson, readBody } from "../../read-body.ts";
import { problem } from "./problem.ts";

/** Longest body, in bytes. A list of 99 feeds with long addresses fits. */
export const MAX_BODY_BYTES = 262_144;

/**
 * Keeps other sites' pages from changing anything. Returns the refusal, or undefined for an own
 * page or a program.
 */
export function refuseOtherPages(request: Request): Response | undefined {
  if (isFromOwnPage(request, new URL(request.url).host)) return undefined;
  return problem("origin_forbidden", "Use the news' own page.");
}

/** Reads a bounded body of JSON. Returns a response as the refusal. */
export async function readJson(request: Request): Promise<unknown> {
  if (!isJson(request)) return problem("unsupported_media_type", "Send `Content-Type: application/json`.");
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body === undefined) return problem("too_large", `Send at most ${MAX_BODY_BYTES} bytes.`);
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return problem("invalid_body", "The body is not JSON.");
  }
}
