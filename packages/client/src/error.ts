/** Longest error body that is read: a problem document is small, and an endless one must not fill the memory. */
const MAX_PROBLEM_BYTES = 65_536;

/** Codes of failures without an answer that may pass. */
const TEMPORARY: readonly string[] = ["unreachable", "timeout", "token_unavailable"];

/** What is known of a failed request, beside its message. */
export interface ClientErrorOptions {
  /** A stable word for programs; see {@link ClientError.code}. */
  readonly code: string;
  /** HTTP status of the answer; leave it out where there was none. */
  readonly status?: number | undefined;
  /** What the answer's `Retry-After` asks for, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** The underlying error. */
  readonly cause?: unknown;
}

/** Why the hub did not do what it was asked. The message is the hub's own explanation where it gave one. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  /**
   * The hub's code (see `docs/reference/errors.md`), or one of the client's own: `unreachable` (no answer), `timeout`,
   * `http_error` (an answer without a problem document), `not_a_stream`, `no_body_stream`, `event_too_large` and `token_unavailable`.
   */
  readonly code: string;
  /** HTTP status of the answer; undefined where there was none. */
  readonly status: number | undefined;
  /** How long the hub asks to wait, in milliseconds; undefined where it does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ClientErrorOptions) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Whether the same request may succeed later: there was no answer, or no token, or the answer was 408, 429 or 5xx. */
  get temporary(): boolean {
    if (this.status === undefined) return TEMPORARY.includes(this.code);
    return this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** Makes an error of an answer that refuses, with the problem document's detail where there is one. */
export async function errorOfResponse(response: Response): Promise<ClientError> {
  const { status } = response;
  const problem = await readProblem(response);
  return new ClientError(problem.detail ?? problem.title ?? `The server answered ${status} ${response.statusText}`.trim(), {
    code: problem.code ?? "http_error",
    status,
    retryAfterMs: parseRetryAfter(response.headers.get("retry-after")),
  });
}

/** Makes an error of a `fetch` that got no answer, or lost it half-way. */
export function errorOfFailure(cause: unknown): ClientError {
  return new ClientError(`The server cannot be reached: ${reasonOf(cause).replace(/\.$/, "")}.`, { code: "unreachable", cause });
}

/** Makes an error of a `fetch` whose answers can't be read while they arrive. */
export function noBodyStream(): ClientError {
  const message =
    "This `fetch` gives no body stream, so no event could be read before the stream's end. Pass one that does as the `fetch` option, such as that of `expo/fetch` in React Native.";
  return new ClientError(message, { code: "no_body_stream" });
}

/** Whether a body can be read while it arrives: React Native's `fetch` gives none, that of `node-fetch` is another kind of stream. */
export function isReadable(body: Response["body"] | undefined): body is ReadableStream<Uint8Array<ArrayBuffer>> {
  return typeof body?.getReader === "function";
}

/** Lets go of an answer whose body is of no interest. */
export async function discard({ body }: Response): Promise<void> {
  if (isReadable(body)) await body.cancel();
}

/** Says in a few words why a request failed. Node hides the reason in `cause`; browsers do not tell it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) {
    if (cause.message !== "") return cause.message;
    if ("code" in cause && typeof cause.code === "string") return cause.code;
  }
  return error.message;
}

/** Reads `Retry-After` (seconds, or a date) as milliseconds from now; undefined where it is neither. */
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
    // The status is what counts; a body that is cut or not JSON only means that there is nothing to quote.
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
