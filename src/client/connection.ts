import { ClientError, errorOfFailure, errorOfResponse } from "./error.ts";

/** One request for an event stream. */
export interface ConnectionOptions {
  readonly url: URL;
  readonly headers: Headers;
  readonly fetch: typeof fetch;
  /** Longest wait for the answer's head, in milliseconds. */
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** One open stream, read by pulling: while nobody calls `read`, nothing is taken off the socket. */
export interface Connection {
  /**
   * Sends the request and waits for the answer's head.
   *
   * @returns False when the server says that there is nothing to come back for (204).
   * @throws ClientError whatever else stands in the way.
   */
  open(): Promise<boolean>;
  /**
   * @param idleMs - Longest wait for a byte, in milliseconds.
   * @returns The next bytes; undefined at the end of the stream.
   * @throws ClientError `unreachable` or `timeout`.
   */
  read(idleMs: number): Promise<Uint8Array | undefined>;
  /** Lets go of the socket. */
  close(): void;
}

/** Prepares a connection; nothing is sent before `open`. */
export function createConnection(options: ConnectionOptions): Connection {
  const { signal } = options;
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  let idle = false;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();

  // The clock runs only while we wait for the server: a consumer that takes its time is no dead stream.
  async function within<T>(ms: number, operation: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      idle = true;
      abort();
    }, ms);
    try {
      return await operation();
    } catch (error) {
      if (idle) {
        throw new ClientError(`The server sent nothing for ${ms / 1000} s.`, { code: "timeout", cause: error });
      }
      throw error instanceof ClientError ? error : errorOfFailure(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async function request(): Promise<boolean> {
    const response = await options.fetch(options.url, {
      headers: options.headers,
      cache: "no-store",
      signal: controller.signal,
    });
    if (response.status === 204) return false;
    if (!response.ok) throw await errorOfResponse(response);
    const type = response.headers.get("content-type") ?? "";
    if (response.status !== 200 || !/^text\/event-stream\s*(;|$)/i.test(type) || response.body === null) {
      throw new ClientError(`The server answered ${response.status} with "${type}", not an event stream. Check the URL.`, {
        code: "not_a_stream",
        status: response.status,
      });
    }
    reader = response.body.getReader();
    return true;
  }

  return {
    open: () => within(options.idleTimeoutMs, request),
    read: (idleMs) =>
      within(idleMs, async () => {
        const { done, value } = (await reader?.read()) ?? { done: true };
        return done ? undefined : value;
      }),
    close() {
      signal?.removeEventListener("abort", abort);
      abort();
    },
  };
}
