import type { Logger } from "../../core/logger.ts";
import { LogThrottle } from "../../core/log-throttle.ts";
import { after } from "../../core/scheduler.ts";
import { readJwkSet, selectKeys, type VerificationKey } from "./jwk-set.ts";

/** Times and sizes of a fetched set, in milliseconds and bytes. */
export interface JwkSetUrlLimits {
  /** Age at which the set is fetched again. */
  readonly maxAgeMs: number;
  /**
   * Longest use of a set that cannot be fetched again. An issuer that is down for a night does not
   * stop the hub.
   */
  readonly maxStaleMs: number;
  /** Least time between two fetches for tokens with a `kid` that the set lacks. */
  readonly cooldownMs: number;
  /** Least time between a failed fetch and the next. Doubles with each failure in a row. */
  readonly retryMs: number;
  /** Longest time between a failed fetch and the next. */
  readonly maxRetryMs: number;
  /** Longest time for a fetch, including its body. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** Keys of a set that may have signed a token. */
export interface FoundKeys {
  readonly keys: readonly VerificationKey[];
  /**
   * Set if more keys may be in a set that cannot be fetched: the time until the next attempt, in
   * milliseconds. Undefined if these are all keys.
   */
  readonly retryAfterMs?: number | undefined;
}

const MINUTE_MS = 60_000;
const DEFAULT_LIMITS: JwkSetUrlLimits = {
  maxAgeMs: 10 * MINUTE_MS,
  maxStaleMs: 24 * 60 * MINUTE_MS,
  cooldownMs: MINUTE_MS / 2,
  retryMs: 1000,
  maxRetryMs: MINUTE_MS / 2,
  timeoutMs: 5000,
  maxBytes: 256 * 1024,
};

/**
 * Range of a random delay after the next fetch, in milliseconds, so that clients do not all come
 * back at once.
 */
const SPREAD_MS = 4000;

/**
 * The JWK set that an issuer serves. Only the configured address is fetched, and nothing of a token
 * goes into the request. One fetch runs at a time. After a failure the next one waits, however many
 * tokens ask.
 */
export class JwkSetUrl {
  readonly #url: string;
  readonly #algorithms: readonly string[];
  readonly #now: () => number;
  readonly #logger: Logger;
  readonly #notices: LogThrottle;
  readonly #onRemoved: () => void;
  readonly #limits: JwkSetUrlLimits;
  readonly #closing = new AbortController();
  #keys: readonly VerificationKey[] | undefined;
  #fetchedAtMs = 0;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  /** Failures in a row. */
  #failures = 0;
  /** The reason of the last failure. */
  #why = "";
  #pending: Promise<void> | undefined;
  #isStarted = false;
  #stopTimer: () => void = () => undefined;

  /** @param options - `onRemoved` is called when a key has left the set. */
  constructor(options: {
    url: string;
    algorithms: readonly string[];
    now: () => number;
    logger: Logger;
    onRemoved: () => void;
    limits?: Partial<JwkSetUrlLimits> | undefined;
  }) {
    this.#url = options.url;
    this.#algorithms = options.algorithms;
    this.#now = options.now;
    this.#logger = options.logger;
    this.#notices = new LogThrottle(options.logger);
    this.#onRemoved = options.onRemoved;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  /** Whether this is the set of a URL, read for these algorithms. */
  isOf(url: string, algorithms: readonly string[]): boolean {
    return url === this.#url && algorithms.join() === this.#algorithms.join();
  }

  /**
   * Fetches the set, and starts as {@link start} does.
   *
   * @throws Error that names the URL and the reason, if the set cannot be fetched or used.
   */
  async fetchNow(): Promise<void> {
    this.#isStarted = true;
    await this.#fetchOnce();
    if (!this.isReady) throw new Error(`The JWK set at ${this.#url}: ${this.#why}`);
  }

  /** Whether the set was fetched at least once. */
  get isReady(): boolean {
    return this.#keys !== undefined;
  }

  /**
   * Fetches the set before a token needs it. From now on, a failed fetch is retried automatically
   * until {@link close}.
   */
  start(): void {
    this.#isStarted = true;
    void this.#fetchOnce();
  }

  /** Aborts a running fetch and starts no other one automatically. */
  close(): void {
    this.#isStarted = false;
    this.#stopTimer();
    this.#closing.abort();
  }

  /** Finds the keys to try. */
  async find(algorithm: string, keyId: string | undefined): Promise<FoundKeys> {
    const { maxAgeMs, cooldownMs } = this.#limits;
    if (!this.#isUsable()) await this.#refresh(0);
    else if (this.#ageMs() >= maxAgeMs) {
      const fetching = this.#refresh(0);
      // While keys exist, a token does not wait a second time for an issuer that is down.
      if (this.#failures === 0) await fetching;
    }
    let keys = this.#select(algorithm, keyId);
    if (keys.length === 0) {
      await this.#refresh(cooldownMs);
      keys = this.#select(algorithm, keyId);
    }
    // A key with this `kid` is the right one. Without it, any key that could not be fetched may be.
    const isKnown = keyId !== undefined && keys.some((key) => key.keyId === keyId);
    return this.#failures === 0 || isKnown ? { keys } : { keys, retryAfterMs: this.#retryAfterMs() };
  }

  #isUsable(): boolean {
    return this.#keys !== undefined && this.#ageMs() < this.#limits.maxStaleMs;
  }

  /**
   * The age of the set. A set from the future was fetched before the clock was set back, so its age
   * is unknown.
   */
  #ageMs(): number {
    const ageMs = this.#now() - this.#fetchedAtMs;
    return ageMs < 0 ? this.#limits.maxAgeMs : ageMs;
  }

  #select(algorithm: string, keyId: string | undefined): readonly VerificationKey[] {
    return this.#keys !== undefined && this.#isUsable() ? selectKeys(this.#keys, algorithm, keyId) : [];
  }

  /** Delay of the next fetch after a failed one. */
  #backoffMs(): number {
    const { retryMs, maxRetryMs } = this.#limits;
    return Math.min(maxRetryMs, retryMs * 2 ** Math.min(30, this.#failures - 1));
  }

  #retryAfterMs(): number {
    const leftMs = this.#triedAtMs + this.#backoffMs() - this.#now();
    return Math.round(Math.max(1000, Math.min(leftMs, this.#limits.maxRetryMs)) + Math.random() * SPREAD_MS);
  }

  /** Fetches the set, unless the last attempt is too recent. */
  async #refresh(cooldownMs: number): Promise<void> {
    const sinceMs = this.#now() - this.#triedAtMs;
    // Negative if the clock was set back. The time is then unknown.
    const isDue = sinceMs < 0 || sinceMs >= (this.#failures > 0 ? this.#backoffMs() : cooldownMs);
    if (isDue || this.#pending !== undefined) await this.#fetchOnce();
  }

  /** Starts a fetch, or joins the running one. */
  #fetchOnce(): Promise<void> {
    this.#pending ??= this.#load().finally(() => {
      this.#pending = undefined;
      this.#stopTimer();
      if (this.#isStarted && this.#failures > 0) this.#stopTimer = after(this.#backoffMs(), () => void this.#fetchOnce());
    });
    return this.#pending;
  }

  async #load(): Promise<void> {
    this.#triedAtMs = this.#now();
    let keys: readonly VerificationKey[] | string;
    try {
      keys = readJwkSet(await this.#fetch(), this.#algorithms, false);
    } catch (error) {
      this.#why = reasonOf(error);
      this.#failed({ err: error }, "The issuer's JWK set cannot be fetched.");
      return;
    }
    if (typeof keys === "string") {
      this.#why = keys;
      this.#failed({}, `The issuer's JWK set cannot be used. ${keys}`);
      return;
    }
    if (this.#failures > 0) this.#logger.info({ url: this.#url, failures: this.#failures }, "The issuer's JWK set is available again.");
    this.#failures = 0;
    const previous = this.#keys ?? [];
    this.#keys = keys;
    this.#fetchedAtMs = this.#now();
    if (previous.some((old) => !keys.some((key) => key.keyId === old.keyId && key.key.equals(old.key)))) this.#onRemoved();
  }

  #failed(fields: object, text: string): void {
    this.#failures++;
    // The wait for the next attempt begins now, because this one may have taken longer.
    this.#triedAtMs = this.#now();
    if (!this.#closing.signal.aborted) this.#notices.warn("fetch", { ...fields, url: this.#url, hasKeys: this.#isUsable() }, text);
  }

  async #fetch(): Promise<unknown> {
    const { timeoutMs, maxBytes } = this.#limits;
    const response = await fetch(this.#url, {
      headers: { Accept: "application/jwk-set+json, application/json" },
      // A redirect could lead anywhere, even into the hub's own network.
      redirect: "error",
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#closing.signal]),
    });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      throw new Error(`It answers ${response.status}.`);
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body) {
      bytes += chunk.length;
      // Leaving the loop cancels the rest.
      if (bytes > maxBytes) throw new Error(`It is larger than ${maxBytes} bytes.`);
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  }
}

/** An error in words. `fetch` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== "" ? `${error.message} (${error.cause.message})` : error.message;
}
