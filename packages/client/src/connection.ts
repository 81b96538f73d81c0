import { ClientError, discard, errorOfFailure, errorOfResponse, isReadable, noBodyStream } from "./error.ts";

/** One request for an event stream. */
export interface ConnectionOptions {
  readonly url: URL;
  readonly headers: Headers;
  readonly fetch: typeof fetch;
  /** Longest wait for the head of the answer, in milliseconds. */
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** One open stream, read by pulling. The socket is read only while a `read` call waits. */
export interface Connection {
  /**
   * Sends the request and waits for the head of the answer.
   *
   * @returns False if the server ends the subscription (204).
   * @throws ClientError for every other failure.
   */
  open(): Promise<boolean>;
  /**
   * @param idleMs - Longest wait for a byte, in milliseconds.
   * @returns The next bytes, or undefined at the end of the stream.
   * @throws ClientError `unreachable` or `timeout`.
   */
  read(idleMs: number): Promise<Uint8Array | undefined>;
  /** Closes the socket. */
  close(): void;
}

/** Prepares a connection. The request is sent by `open`. */
export function createConnection(options: ConnectionOptions): Connection {
  const { signal } = options;
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();

  /**
   * Waits until the server answers, is silent for too long, or the caller gives up. The last two
   * end the wait at once, even if the given `fetch` ignores signals. The clock runs only during
   * this call, so a slow consumer does not look like a dead stream.
   */
  function within<T>(ms: number, operation: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const finish = (act: () => void): void => {
        clearTimeout(timer);
        controller.signal.removeEventListener("abort", aborted);
        act();
      };
      const fail = (cause: unknown): void => finish(() => reject(cause instanceof ClientError ? cause : errorOfFailure(cause)));
      const aborted = (): void => fail(new Error("The connection was closed"));
      const timer = setTimeout(() => {
        finish(() => reject(new ClientError(`The server sent nothing for ${ms / 1000} s.`, { code: "timeout" })));
        abort();
      }, ms);
      controller.signal.addEventListener("abort", aborted);
      if (controller.signal.aborted) aborted();
      else operation().then((value) => finish(() => resolve(value)), fail);
    });
  }

  async function request(): Promise<boolean> {
    const response = await options.fetch(options.url, {
      headers: options.headers,
      cache: "no-store",
      signal: controller.signal,
    });
    // The answer came after the caller gave up.
    if (controller.signal.aborted) await discard(response);
    if (response.status === 204) return false;
    if (!response.ok) throw await errorOfResponse(response);
    const type = response.headers.get("content-type") ?? "";
    if (response.status !== 200 || !/^text\/event-stream\s*(;|$)/i.test(type)) {
      throw new ClientError(`The server answered ${response.status} with "${type}", not an event stream. Check the URL.`, {
        code: "not_a_stream",
        status: response.status,
      });
    }
    if (!isReadable(response.body)) throw noBodyStream();
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
      // Needed for a `fetch` that ignores signals. Any other has torn the stream down by now, so
      // `cancel` can fail with nothing else.
      reader?.cancel().catch(() => undefined);
    },
  };
}
