import { ClientError, reasonOf } from "./error.ts";

/**
 * An access token, or a function that returns one. The function is called for the first token,
 * before the token expires (on the hub's warning), and after 401. An error or a value that is no
 * token becomes a `token_unavailable` error, which may pass. To end a subscription permanently,
 * throw a {@link ClientError} with a status such as 403.
 */
export type TokenSource = string | TokenFunction;

type TokenFunction = () => string | Promise<string>;

/** Keeps the token in use. */
export interface Tokens {
  /** Whether the source can supply another token. */
  readonly renewable: boolean;
  /**
   * Returns the current token, or asks for one. Returns undefined if no token was configured.
   *
   * @param timeoutMs - Longest wait for the function, in milliseconds.
   * @throws ClientError `token_unavailable`, or the `ClientError` that the function threw.
   * @throws The signal's reason when it is aborted.
   */
  take(timeoutMs: number, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Drops the current token, which is or will soon be refused. The next `take` asks for another.
   *
   * @param token - The token to drop. A different current token is kept.
   */
  drop(token?: string): void;
}

/**
 * `b64token` of RFC 6750, section 2.1. The check is here because `Headers` would quote the token in
 * its error.
 */
const TOKEN = /^[\w.~+/-]+=*$/;

const NO_TOKEN = "is not a token: it is empty, or has a character that no token has, such as a line break at its end.";

/**
 * Calls in progress, so that all callers who need a token at the same time share one call. Nothing
 * is kept after the call, because the user behind the function may change.
 */
const calls = new WeakMap<TokenFunction, Promise<string>>();

/** @throws TypeError for a string that can't be a token. */
export function createTokens(source: TokenSource | undefined): Tokens {
  if (typeof source !== "function") {
    if (source !== undefined && !TOKEN.test(source)) throw new TypeError(`\`token\` ${NO_TOKEN}`);
    return { renewable: false, take: () => Promise.resolve(source), drop: () => undefined };
  }
  let held: string | undefined;
  return {
    renewable: true,
    async take(timeoutMs, signal) {
      held ??= await share(source, timeoutMs, signal);
      return held;
    },
    drop(token) {
      if (token === undefined || held === token) held = undefined;
    },
  };
}

async function share(source: TokenFunction, timeoutMs: number, signal: AbortSignal | undefined): Promise<string> {
  signal?.throwIfAborted();
  let call = calls.get(source);
  if (call === undefined) {
    const started = ask(source).finally(() => forget(source, started));
    call = started;
    calls.set(source, call);
  }
  return within(call, timeoutMs, signal, () => {
    // The next attempt must not wait for a call that hangs.
    forget(source, call);
    return new ClientError(`The token function gave nothing within ${timeoutMs / 1000} s.`, { code: "token_unavailable" });
  });
}

async function ask(source: TokenFunction): Promise<string> {
  let token: unknown;
  try {
    token = await source();
  } catch (error) {
    if (error instanceof ClientError) throw error;
    const reason = reasonOf(error).replace(/\.$/, "");
    throw new ClientError(`The token function failed: ${reason}.`, { code: "token_unavailable", cause: error });
  }
  if (typeof token === "string" && TOKEN.test(token)) return token;
  throw new ClientError(`What the token function gave ${NO_TOKEN}`, { code: "token_unavailable" });
}

function forget(source: TokenFunction, call: Promise<string>): void {
  if (calls.get(source) === call) calls.delete(source);
}

/** Waits for a shared call. The clock and the signal end the wait, not the call. */
async function within<T>(call: Promise<T>, timeoutMs: number, signal: AbortSignal | undefined, late: () => Error): Promise<T> {
  const inTime = await new Promise<boolean>((resolve) => {
    const finish = (result: boolean): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", settled);
      resolve(result);
    };
    const settled = (): void => finish(true);
    const timer = setTimeout(() => finish(false), timeoutMs);
    signal?.addEventListener("abort", settled);
    call.then(settled, settled);
  });
  signal?.throwIfAborted();
  if (!inTime) throw late();
  return call;
}
