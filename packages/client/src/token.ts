import { ClientError, reasonOf } from "./error.ts";
import { within } from "./waits.ts";

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

const NO_TOKEN = "is not a token: empty, or with a space.";

/**
 * Calls in progress, so that all callers who need a token at the same time share one call. Nothing
 * is kept after the call, because the user behind the function may change.
 */
const calls = new WeakMap<TokenFunction, Promise<string>>();

const isToken = (value: unknown): value is string => typeof value === "string" && TOKEN.test(value);

/** @throws TypeError for a value that can't be a token. */
export function createTokens(source: TokenSource | undefined): Tokens {
  const renewable = typeof source === "function";
  let held = renewable ? undefined : source;
  if (held !== undefined && !isToken(held)) throw new TypeError(`\`token\` ${NO_TOKEN}`);
  return {
    renewable,
    async take(timeoutMs, signal) {
      if (renewable) held ??= await share(source, timeoutMs, signal);
      return held;
    },
    drop(token) {
      if (renewable && (token === undefined || held === token)) held = undefined;
    },
  };
}

async function share(source: TokenFunction, timeoutMs: number, signal: AbortSignal | undefined): Promise<string> {
  signal?.throwIfAborted();
  const call = calls.get(source) ?? ask(source);
  calls.set(source, call);
  const forget = (): void => {
    if (calls.get(source) === call) calls.delete(source);
  };
  // The next attempt must not wait for a call that hangs.
  const late = (): ClientError => {
    forget();
    return unavailable(`The token function gave nothing within ${timeoutMs / 1000} s.`);
  };
  void call.then(forget, forget);
  return within(timeoutMs, signal, late, () => call);
}

async function ask(source: TokenFunction): Promise<string> {
  let token: unknown;
  try {
    token = await source();
  } catch (error) {
    if (error instanceof ClientError) throw error;
    throw unavailable(`The token function failed: ${reasonOf(error)}.`, error);
  }
  if (isToken(token)) return token;
  throw unavailable(`The token function's value ${NO_TOKEN}`);
}

function unavailable(message: string, cause?: unknown): ClientError {
  return new ClientError(message, { code: "token_unavailable", cause });
}
