import { type Backoff, createBackoff } from "./backoff.ts";
import { ClientError } from "./error.ts";
import { encodeUpdate, publishWith, type PublishOptions } from "./publish.ts";
import type { Tokens } from "./token.ts";
import type { UpdateInput } from "./update.ts";
import { sleep } from "./waits.ts";

/** Bounds of the updates that wait for the hub. */
export interface QueueOptions {
  /** Most updates that wait. Default 100. */
  readonly maxQueued?: number | undefined;
  /** Most characters of their data as JSON. Default 1 Mi. */
  readonly maxQueuedLength?: number | undefined;
  /** How long an update may wait, in milliseconds. Default 300,000. */
  readonly maxQueuedMs?: number | undefined;
  /** Called with each update that is not published, and the reason. */
  readonly onDropped?: ((update: UpdateInput, error: Error) => void) | undefined;
}

/**
 * Most answers with a 4xx of a proxy, of which the last one counts. By then some 5 s have passed. 404
 * does not count, since it is of the URL and so of all updates.
 */
const MAX_REFUSALS = 5;

/** Publishes in order, and tries again while the hub cannot be reached. */
export interface Queue {
  /**
   * @returns The event id.
   * @throws ClientError The hub's refusal, `queue_full`, `too_old` or `closed`.
   * @throws TypeError The argument is no update.
   */
  publish(update: UpdateInput): Promise<string>;
  /** Tries again at once, unless the hub asked for a wait. Drops all after the connection was closed. */
  wake(): void;
}

interface Waiting {
  readonly update: UpdateInput;
  /** The update as it was when the program published it. */
  readonly text: string;
  readonly sinceMs: number;
  readonly idempotencyKey: string;
  readonly resolve: (id: string) => void;
  readonly reject: (error: unknown) => void;
}

/** @param closed - Drops all updates, also one that is being sent. */
export function createQueue(
  url: URL,
  tokens: Tokens,
  options: Pick<PublishOptions, "headers" | "fetch">,
  closed: AbortSignal,
  { maxQueued = 100, maxQueuedLength = 2 ** 20, maxQueuedMs = 300_000, onDropped }: QueueOptions,
): Queue {
  const waiting: Waiting[] = [];
  let length = 0;
  let pause = new AbortController();
  let isAsked = false;
  let hasWorked = false;
  /** Answers of a proxy to the first update, with a 4xx. */
  let refusals = 0;

  function drop({ update, reject }: Pick<Waiting, "update" | "reject">, error: unknown): void {
    reject(error);
    // An error of the program's function keeps nothing from the others.
    queueMicrotask(() => onDropped?.(update, error as Error));
  }

  const because = (code: string): ClientError => new ClientError(`The update was not published (${code}).`, { code });

  /** @returns How long to wait before another attempt, in milliseconds. Undefined if it is done. */
  async function send(item: Waiting, backoff: Backoff): Promise<number | undefined> {
    const leftMs = item.sinceMs + maxQueuedMs - performance.now();
    try {
      if (leftMs < 0) throw because("too_old");
      const { text, idempotencyKey } = item;
      const [id] = await publishWith(tokens, url, [text], { ...options, idempotencyKey, signal: closed });
      item.resolve(id as string);
      hasWorked = true;
      backoff.reset();
    } catch (error) {
      if (error instanceof ClientError && !closed.aborted) {
        const { temporary, code, status, retryAfterMs } = error;
        isAsked = retryAfterMs !== undefined;
        // A page of a proxy in the hub's place. Before anything worked, it points to a wrong URL. One
        // that refuses this update alone, such as for its length, must not hold up the others.
        if (temporary || (hasWorked && code === "http_error" && (!/^4(?!04)/.test(`${status}`) || ++refusals < MAX_REFUSALS))) {
          return Math.min(backoff.next(retryAfterMs), leftMs + 1);
        }
      }
      drop(item, closed.aborted ? because("closed") : error);
    }
    refusals = 0;
    return undefined;
  }

  async function drain(): Promise<void> {
    const backoff = createBackoff(500, 10_000);
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const waitMs = await send(first, backoff);
      if (waitMs === undefined) {
        waiting.shift();
        length -= first.text.length;
      } else {
        pause = new AbortController();
        await sleep(waitMs, pause.signal);
      }
    }
  }

  return {
    wake() {
      if (!isAsked || closed.aborted) pause.abort();
    },
    publish(update) {
      let text: string;
      try {
        text = encodeUpdate(update);
      } catch (error) {
        // A fault of the program is for the caller to see. No update was dropped.
        return Promise.reject(error);
      }
      const published = new Promise<string>((resolve, reject) => {
        const code = closed.aborted
          ? "closed"
          : waiting.length >= maxQueued || length + text.length > maxQueuedLength
            ? "queue_full"
            : undefined;
        if (code !== undefined) return drop({ update, reject }, because(code));
        length += text.length;
        // Also unique where there is no `crypto`, as in React Native.
        const idempotencyKey = [Date.now(), Math.random(), Math.random()].join("-");
        waiting.push({ update, text, sinceMs: performance.now(), idempotencyKey, resolve, reject });
        if (waiting.length === 1) void drain();
      });
      // The program learns of a failure by its function.
      if (onDropped !== undefined) published.catch(() => undefined);
      return published;
    },
  };
}
