import { HubError } from "../../core/errors.ts";
import type { HubRequest } from "../request.ts";

/**
 * Reads the body of a request.
 *
 * @throws HubError `unsupported_encoding` for a compressed body, `too_large`, `overloaded`.
 */
export function readBody(request: Pick<HubRequest, "header" | "readBody">, maxBytes: number): Uint8Array | Promise<Uint8Array> {
  const coding = request.header("content-encoding")?.trim().toLowerCase() ?? "";
  if (coding !== "" && coding !== "identity") {
    // Read unchanged, a compressed body would look like invalid UTF-8. Inflated, a few bytes could
    // become a mebibyte.
    throw new HubError("unsupported_encoding", "The hub reads no compressed bodies. Send the body as it is, without Content-Encoding.");
  }
  return request.readBody(maxBytes);
}
