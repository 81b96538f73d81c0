import { createBackoff, sleep } from "artesian-client/parts";
import { ClientError, publish, type UpdateInput } from "artesian-client";

/** Options of `send`. */
export interface SenderOptions {
  readonly url: URL;
  /** Headers that carry the token. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long to retry after the first failure, in milliseconds. 0 does not retry. */
  readonly giveUpAfterMs: number;
  /**
   * Names the batch to the hub, for all its attempts. Default: a random key, left out if the hub
   * can't keep any.
   */
  readonly idempotencyKey?: string | undefined;
  /** Ends the attempts. A request in progress is awaited, because its outcome matters. */
  readonly signal: AbortSignal;
  /** Called before each further attempt. */
  readonly onRetry: (error: ClientError, delayMs: number) => void;
}

/** Failures before the request was sent. The hub can't have taken anything. */
const NOT_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

/**
 * Publishes a batch with one idempotency key, and retries while the failure may pass. The hub takes
 * the batch once, even if an answer was lost.
 *
 * @returns The event ids, in order.
 * @throws ClientError when the hub refuses, or did not accept in time.
 */
export async function send(updates: readonly UpdateInput[], options: SenderOptions): Promise<readonly string[]> {
  const { url, headers, giveUpAfterMs, signal, onRetry } = options;
  let idempotencyKey: string | undefined = options.idempotencyKey ?? crypto.randomUUID();
  const backoff = createBackoff(250, 5000);
  let deadline: number | undefined;
  for (;;) {
    try {
      return await publish(url, updates, { headers, idempotencyKey });
    } catch (error) {
      if (isWithoutKeys(error) && options.idempotencyKey === undefined && idempotencyKey !== undefined) {
        idempotencyKey = undefined;
        continue;
      }
      if (!(error instanceof ClientError && error.temporary)) throw error;
      const delayMs = backoff.next(error.retryAfterMs);
      const now = performance.now();
      deadline ??= now + giveUpAfterMs;
      if (signal.aborted || now + delayMs > deadline) throw error;
      onRetry(error, delayMs);
      await sleep(delayMs, signal);
      if (signal.aborted) throw error;
    }
  }
}

function isWithoutKeys(error: unknown): boolean {
  return error instanceof ClientError && error.code === "idempotency_unsupported";
}

/** Whether the hub may have taken the updates without an acknowledgement. */
export function mayHaveArrived(error: ClientError): boolean {
  if (error.code === "timeout" || error.status === 502 || error.status === 504) return true;
  if (error.code !== "unreachable") return false;
  const reason: unknown = error.cause instanceof Error ? error.cause.cause : undefined;
  const code: unknown = reason instanceof Error ? Reflect.get(reason, "code") : undefined;
  return !(typeof code === "string" && NOT_SENT.has(code));
}
