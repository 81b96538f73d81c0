import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

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
 * @throws Errors of the socket.
 */
export async function get(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<RawAnswer> {
  for (;;) {
    const { answer, error, stale } = await attempt(url, headers, signal);
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

async function attempt(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Attempt> {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return await new Promise<Attempt>((resolve) => {
    const sent = send(url, { headers: { ...headers }, signal });
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
