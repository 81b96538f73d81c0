/**
 * Longest error body that is read, in bytes. A problem document is small, and an endless body must
 * not fill the memory.
 */
const MAX_PROBLEM_BYTES = 65_536;

/** Codes of failures that had no answer and may pass. */
const TEMPORARY: readonly string[] = ["unreachable", "timeout", "token_unavailable"];

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

  constructor(message: string, options: ClientErrorOptions) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }

  /**
   * Whether the same request may succeed later. True without an answer or a token, and for the
   * statuses 408, 429 and 5xx.
   */
  get temporary(): boolean {
    if (this.status === undefined) return TEMPORARY.includes(this.code);
    return this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/**
 * Makes an error from a refusing answer, with the detail of its problem document if there is one.
 */
export async function errorOfResponse(response: Response): Promise<ClientError> {
  const { status } = response;
  const problem = await readProblem(response);
  return new ClientError(problem.detail ?? problem.title ?? `The server answered ${status} ${response.statusText}`.trim(), {
    code: problem.code ?? "http_error",
    status,
    retryAfterMs: parseRetryAfter(response.headers.get("retry-after")),
  });
}

/** Makes an error from a `fetch` that got no answer, or lost the answer half-way. */
export function errorOfFailure(cause: unknown): ClientError {
  return new ClientError(`The server cannot be reached: ${reasonOf(cause).replace(/\.$/, "")}.`, { code: "unreachable", cause });
}

/** Makes an error for a `fetch` whose answers can't be read while they arrive. */
export function noBodyStream(): ClientError {
  const message =
    "This `fetch` gives no body stream, so no event could be read before the stream's end. Pass one that does as the `fetch` option, such as that of `expo/fetch` in React Native.";
  return new ClientError(message, { code: "no_body_stream" });
}

/**
 * Whether a body can be read while it arrives. React Native's `fetch` gives no body, and
 * `node-fetch` gives another kind of stream.
 */
export function isReadable(body: Response["body"] | undefined): body is ReadableStream<Uint8Array<ArrayBuffer>> {
  return typeof body?.getReader === "function";
}

/** Discards an answer whose body is not needed. */
export async function discard({ body }: Response): Promise<void> {
  if (isReadable(body)) await body.cancel();
}

/**
 * Explains in a few words why a request failed. Node hides the reason in `cause`. Browsers do not
 * tell the reason.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) {
    if (cause.message !== "") return cause.message;
    if ("code" in cause && typeof cause.code === "string") return cause.code;
  }
  return error.message;
}

/**
 * Reads `Retry-After` (seconds or a date) as milliseconds from now. Returns undefined for any other
 * text.
 */
export function parseRetryAfter(value: string | null, nowMs: number = Date.now()): number | undefined {
  if (value === null || value.trim() === "") return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

interface Problem {
  readonly code?: string | undefined;
  readonly title?: string | undefined;
  readonly detail?: string | undefined;
}

async function readProblem(response: Response): Promise<Problem> {
  if (!/[/+]json\b/i.test(response.headers.get("content-type") ?? "")) {
    await discard(response);
    return {};
  }
  try {
    const problem: unknown = JSON.parse(await readText(response));
    if (typeof problem !== "object" || problem === null) return {};
    const text = (key: string): string | undefined => {
      const value: unknown = Reflect.get(problem, key);
      return typeof value === "string" && value !== "" ? value : undefined;
    };
    return { code: text("code"), title: text("title"), detail: text("detail") };
  } catch {
    // The status decides. A body that is cut or not JSON only leaves nothing to quote.
    return {};
  }
}

async function readText(response: Response): Promise<string> {
  if (!isReadable(response.body)) return response.text();
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > MAX_PROBLEM_BYTES) {
      await reader.cancel();
      return "";
    }
    text += decoder.decode(value, { stream: true });
  }
}
