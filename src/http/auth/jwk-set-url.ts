import type { Logger } from "../../core/logger.ts";
import { readJwkSet, selectKeys, type VerificationKey } from "./jwk-set.ts";

/** The times and sizes of a fetched set, in milliseconds and bytes. */
export interface JwkSetUrlLimits {
  /** The set is fetched anew when older. */
  readonly maxAgeMs: number;
  /** A set that cannot be fetched anew is used until this age: an issuer that is down for a while does not stop the hub. */
  readonly maxStaleMs: number;
  /** Least time between two fetches that tokens cause with a `kid` that the set does not have. */
  readonly cooldownMs: number;
  /** Least time between a fetch that failed and the next. */
  readonly retryMs: number;
  /** A fetch takes no longer, its body included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

const MINUTE_MS = 60_000;
const DEFAULT_LIMITS: JwkSetUrlLimits = {
  maxAgeMs: 10 * MINUTE_MS,
  maxStaleMs: 60 * MINUTE_MS,
  cooldownMs: MINUTE_MS / 2,
  retryMs: 5000,
  timeoutMs: 5000,
  maxBytes: 256 * 1024,
};

/** The JWK set that an issuer serves. Only the configured address is ever fetched; nothing of a token goes into the request. */
export class JwkSetUrl {
  readonly #url: string;
  readonly #algorithms: readonly string[];
  readonly #now: () => number;
  readonly #logger: Logger;
  readonly #onRemoved: () => void;
  readonly #limits: JwkSetUrlLimits;
  #keys: readonly VerificationKey[] | undefined;
  #fetchedAtMs = 0;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #failed = false;
  #pending: Promise<void> | undefined;

  /**
   * @param options - `onRemoved` is called when a key that was in the set is no longer.
   */
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
    this.#onRemoved = options.onRemoved;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  /** The keys to try, none where the set cannot be had. */
  async find(algorithm: string, keyId: string | undefined): Promise<readonly VerificationKey[]> {
    const { maxAgeMs, maxStaleMs, cooldownMs } = this.#limits;
    if (this.#keys === undefined || this.#now() - this.#fetchedAtMs >= maxAgeMs) await this.#refresh(0);
    let found = this.#select(algorithm, keyId, maxStaleMs);
    if (found.length === 0) {
      await this.#refresh(cooldownMs);
      found = this.#select(algorithm, keyId, maxStaleMs);
    }
    return found;
  }

  #select(algorithm: string, keyId: string | undefined, maxStaleMs: number): readonly VerificationKey[] {
    if (this.#keys === undefined || this.#now() - this.#fetchedAtMs >= maxStaleMs) return [];
    return selectKeys(this.#keys, algorithm, keyId);
  }

  /** Fetches the set, unless the last try is too recent; those who ask meanwhile wait for the same fetch. */
  async #refresh(cooldownMs: number): Promise<void> {
    const wait = this.#failed ? Math.max(cooldownMs, this.#limits.retryMs) : cooldownMs;
    if (this.#pending === undefined && this.#now() - this.#triedAtMs < wait) return;
    this.#pending ??= this.#load().finally(() => {
      this.#pending = undefined;
    });
    await this.#pending;
  }

  async #load(): Promise<void> {
    this.#triedAtMs = this.#now();
    this.#failed = true;
    let keys: readonly VerificationKey[] | string;
    try {
      keys = readJwkSet(await this.#fetch(), this.#algorithms, false);
    } catch (error) {
      this.#logger.warn({ err: error, url: this.#url }, "The issuer's JWK set cannot be fetched.");
      return;
    }
    if (typeof keys === "string") {
      this.#logger.warn({ url: this.#url }, `The issuer's JWK set cannot be used. ${keys}`);
      return;
    }
    this.#failed = false;
    const previous = this.#keys ?? [];
    this.#keys = keys;
    this.#fetchedAtMs = this.#now();
    if (previous.some((old) => !keys.some((key) => key.keyId === old.keyId && key.key.equals(old.key)))) this.#onRemoved();
  }

  async #fetch(): Promise<unknown> {
    const { timeoutMs, maxBytes } = this.#limits;
    const response = await fetch(this.#url, {
      headers: { Accept: "application/jwk-set+json, application/json" },
      // A redirect could lead anywhere, also into the hub's own network.
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
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
