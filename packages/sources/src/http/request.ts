import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { type AllowAddress, checkHost, guardOf } from "./address-guard.ts";

/** An answer whose body is still to come. */
export interface RawAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** The body as sent, perhaps compressed. Destroy it if you do not read it. */
  readonly body: IncomingMessage;
}

/**
 * Sends a GET and waits for the head of the answer. Not by `fetch`, which takes a compressed body
 * that breaks off for a whole one.
 *
 * @param allow - Undefined allows every address.
 * @throws Errors of the socket.
 * @throws ForbiddenAddress before anything is sent.
 */
export async function get(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  allow: AllowAddress | undefined,
): Promise<RawAnswer> {
  if (allow !== undefined) checkHost(url, allow);
  for (;;) {
    const { answer, error, stale } = await attempt(url, headers, signal, allow);
    if (answer !== undefined) return answer;
    // The server closed a kept connection just when the next request came.
    if (!stale || signal.aborted) throw error;
  }
}

interface Attempt {
  readonly answer?: RawAnswer;
  readonly error?: unknown;
  readonly stale?: boolean;
}

async function attempt(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  allow: AllowAddress | undefined,
): Promise<Attempt> {
  const isSecure = url.protocol === "https:";
  const send = isSecure ? httpsRequest : httpRequest;
  const guard = allow === undefined ? undefined : guardOf(allow);
  const guarded = guard === undefined ? {} : { lookup: guard.lookup, agent: isSecure ? guard.https : guard.http };
  return await new Promise<Attempt>((resolve) => {
    const sent = send(url, { headers: { ...headers }, signal, ...guarded });
    sent.once("response", (body) => {
      resolve({ answer: { status: body.statusCode ?? 0, statusText: body.statusMessage ?? "", headers: headersOf(body), body } });
    });
    sent.on("error", (error) => resolve({ error, stale: sent.reusedSocket && Reflect.get(error, "code") === "ECONNRESET" }));
    sent.end();
  });
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i] ?? "", rawHeaders[i + 1] ?? "");
  return headers;
}
