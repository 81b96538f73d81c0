/**
 * Longest error body that is read, in characters. A problem document is small, and an endless body
 * must not fill the memory.
 */
const MAX_PROBLEM_LENGTH = 65_536;

/** Facts about a failed request, beside the message. */
export interface ClientErrorOptions {
  /** A stable word for programs. See {@link ClientError.code}. */
  readonly code: string;
  /** HTTP status of the answer. Leave it out if there was no answer. */
  readonly status?: number | undefined;
  /** The wait that the answer's `Retry-After` asks for, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** The underlying error. */
  readonly cause?: unknown;
}

/**
 * The failure of a request to the hub. The message is the hub's own explanation, if the hub gave
 * one.
 */
export class ClientError extends Error {
  override readonly name = "ClientError";
  /**
   * The hub's code (see `docs/reference/errors.md`) or one of the client's own codes:
   * - `unreachable`: no answer
   * - `timeout`
   * - `http_error`: an answer without a problem document
   * - `not_a_stream`
   * - `no_body_stream`
   * - `event_too_large`
   * - `token_unavailable`
   */
  readonly code: string;
  /** HTTP status of the answer, or undefined if there was no answer. */
  readonly status: number | undefined;
  /** The wait that the hub asks for, in milliseconds, or undefined if the hub asks for none. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { code, status, retryAfterMs, cause }: ClientErrorOptions) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /**
   * Whether the same request may succeed later. True without an answer or a token, and for the
   * statuses 408, 429 and 5xx.
   */
  get temporary(): boolean {
    const { status, code } = this;
    if (status === undefined) return /^(unreac|timeo|token)/.test(code);
    return status === 408 || status === 429 || status >= 500;
  }
}

/**
 * Makes an error from a refusing answer, with the detail of its problem document if there is one.
 */
export async function errorOfResponse(response: Response): Promise<ClientError> {
  const { status, statusText, headers } = response;
  const problem = await readProblem(response);
  const text = (key: string): string | undefined => {
    const value: unknown = problem[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  return new ClientError(text("detail") ?? text("title") ?? `The server answered ${status} ${statusText}`.trim(), {
    code: text("code") ?? "http_error",
    status,
    retryAfterMs: parseRetryAfter(headers.get("retry-after")),
  });
}

/** Makes an error from a `fetch` that got no answer, or lost the answer half-way. */
export function errorOfFailure(cause: unknown): ClientError {
  if (cause instanceof ClientError) return cause;
  return new ClientError(`The server cannot be reached: ${reasonOf(cause)}.`, { code: "unreachable", cause });
}

/** Makes an error for an answer that does not come, or a stream that is silent. */
export function silence(ms: number): ClientError {
  return new ClientError(`The server sent nothing for ${ms / 1000} s.`, { code: "timeout" });
}

/** Makes an error for a `fetch` whose answers can't be read while they arrive. */
export function noBodyStream(): ClientError {
  return new ClientError("This `fetch` gives no body stream. Set the `fetch` option, such as to `expo/fetch`.", {
    code: "no_body_stream",
  });
}

/**
 * Whether the platform's own `fetch` gives body streams. One without answers when the body has
 * ended, and a stream never ends. The server would look silent.
 */
export function hasBodyStreams(): boolean {
  return typeof Response !== "function" || "body" in Response.prototype;
}

/**
 * Gives the reader of a body that can be read while it arrives. React Native's `fetch` gives no
 * body, and `node-fetch` gives another kind of stream.
 */
export function readerOf({ body }: Response): ReadableStreamDefaultReader<Uint8Array> | undefined {
  return typeof body?.getReader === "function" ? body.getReader() : undefined;
}

/**
 * Explains in a few words why a request failed. Node hides the reason in `cause`. Browsers do not
 * tell the reason.
 */
export function reasonOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error);
    const { message, code } = (error.cause ?? {}) as { message?: string; code?: string };
    return (message || code || error.message).replace(/\.$/, "");
  } catch {
    // An object without a text.
    return "unknown";
  }
}

/**
 * Reads `Retry-After` (seconds or a date) as milliseconds from now. Returns undefined for any other
 * text.
 */
export function parseRetryAfter(value: string | null, nowMs: number = Date.now()): number | undefined {
  if (!value?.trim()) return undefined;
  const ms = Number(value) * 1000;
  const waitMs = Math.max(0, Number.isFinite(ms) ? ms : Date.parse(value) - nowMs);
  return waitMs >= 0 ? waitMs : undefined;
}

async function readProblem(response: Response): Promise<Readonly<Record<string, unknown>>> {
  if (!/[/+]json\b/i.test(response.headers.get("content-type") ?? "")) return {};
  // The status decides. A body that is cut or endless leaves nothing to quote.
  return parseObject(await readText(response, MAX_PROBLEM_LENGTH).catch(() => ""));
}

/**
 * Reads a body as text.
 *
 * @param maxLength - Most characters.
 * @throws ClientError `event_too_large`, or an error of the body.
 */
export async function readText(response: Response, maxLength: number): Promise<string> {
  const reader = readerOf(response);
  if (reader === undefined) return response.text();
  const decoder = new TextDecoder();
  for (let text = ""; text.length <= maxLength;) {
    const { value } = await reader.read();
    if (value === undefined) return text;
    text += decoder.decode(value, { stream: true });
  }
  throw new ClientError(`The answer is longer than ${maxLength} characters.`, { code: "event_too_large" });
}

/** Parses a JSON object. Returns an empty one for any other text. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Another server's answer.
  }
  return {};
}
