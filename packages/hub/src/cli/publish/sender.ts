import { createBackoff, sleep } from "artesian-client/parts";
import { ClientError, publish, type UpdateInput } from "artesian-client";

/** How to send, and for how long to try. */
export interface SenderOptions {
  readonly url: URL;
  /** What carries the token. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long to go on trying after the first failure, in milliseconds; 0 does not try again. */
  readonly giveUpAfterMs: number;
  /** Names the batch to the hub, for all its attempts. Default: a random one, left out where the hub can't keep any. */
  readonly idempotencyKey?: string | undefined;
  /** Ends the tries; a request under way is waited for, because its outcome matters. */
  readonly signal: AbortSignal;
  /** Called before each further try. */
  readonly onRetry: (error: ClientError, delayMs: number) => void;
}

/** Failures before the request was on its way: the hub can't have taken anything. */
const NOT_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

/**
 * Publishes a batch, again and again while the failure may pass, with one idempotency key: the hub takes it once, even where an answer was
 * lost.
 *
 * @returns The event ids, in order.
 * @throws ClientError when the hub refuses, or did not accept in time.
 */
export async function send(updates: readonly UpdateInput[], options: SenderOptions): Promise<readonly string[]> {
  const { url, headers, giveUpAfterMs, signal, onRetry } = options;
  let idempotencyKey: string | undefined = options.idempotencyKey ?? crypto.randomUUID();
  const backoff = createBackoff({ baseMs: 250, maxMs: 5000 });
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

/** Whether the hub may have taken the updates though it did not say so. */
export function mayHaveArrived(error: ClientError): boolean {
  if (error.code === "timeout" || error.status === 502 || error.status === 504) return true;
  if (error.code !== "unreachable") return false;
  const reason: unknown = error.cause instanceof Error ? error.cause.cause : undefined;
  const code: unknown = reason instanceof Error ? Reflect.get(reason, "code") : undefined;
  return !(typeof code === "string" && NOT_SENT.has(code));
}
