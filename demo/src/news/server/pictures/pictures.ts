import { type AllowAddress, conditionalGet, HttpError } from "artesian-sources";
import type { NewsLogger } from "../options.ts";
import { problem } from "../problem.ts";
import { refuseOtherPages } from "../read-request.ts";
import type { PictureLimits } from "./picture-limits.ts";
import type { PictureLinks } from "./picture-links.ts";
import { pictureType } from "./picture-type.ts";

/** Most failures that are remembered. */
const MAX_FAILURES = 1000;

const ACCEPT = "image/avif, image/webp, image/png, image/jpeg, image/gif";

interface Picture {
  readonly type: string;
  readonly bytes: Uint8Array;
}

type Outcome = Picture | "unavailable" | "not_a_picture" | "busy";

interface PicturesOptions {
  readonly links: PictureLinks;
  readonly allowAddress: AllowAddress;
  readonly limits: PictureLimits;
  readonly logger: NewsLogger;
}

/** Passes on the pictures of headlines, so that other servers learn nothing of the page. */
export class Pictures {
  readonly #options: PicturesOptions;
  /** The most recently used last. */
  readonly #cache = new Map<string, Picture>();
  #cachedBytes = 0;
  readonly #failures = new Map<string, { readonly outcome: Outcome; readonly until: number }>();
  readonly #running = new Map<string, Promise<Outcome>>();
  readonly #queue: (() => void)[] = [];
  #active = 0;
  readonly #stop = new AbortController();

  constructor(options: PicturesOptions) {
    this.#options = options;
  }

  async answer(request: Request): Promise<Response> {
    const refused = refuseOtherPages(request);
    if (refused !== undefined) return refused;
    const address = await this.#options.links.addressOf(new URL(request.url).pathname);
    if (address === undefined) return problem("not_found", "No headline has this picture.");
    const outcome = await this.#get(address);
    if (outcome === "busy") return problem("busy", "Too many pictures are on their way.", { "Retry-After": "2" });
    if (outcome === "not_a_picture") return problem("not_a_picture", "Pictures are JPEG, PNG, GIF, WebP or AVIF.");
    if (outcome === "unavailable") return problem("picture_unavailable", "The picture's server did not send it.");
    const { type, bytes } = outcome;
    return new Response(request.method === "HEAD" ? null : new Uint8Array(bytes), {
      headers: {
        "Content-Type": type,
        "Content-Length": String(bytes.byteLength),
        "Cache-Control": "private, max-age=86400",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
      },
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#running.values());
  }

  async #get(address: string): Promise<Outcome> {
    const cached = this.#cache.get(address);
    if (cached !== undefined) {
      this.#cache.delete(address);
      this.#cache.set(address, cached);
      return cached;
    }
    const failure = this.#failures.get(address);
    if (failure !== undefined && failure.until > performance.now()) return failure.outcome;
    const running = this.#running.get(address) ?? this.#start(address);
    return await running;
  }

  #start(address: string): Promise<Outcome> {
    const { atOnce, waiting } = this.#options.limits;
    if (this.#active >= atOnce && this.#queue.length >= waiting) {
      this.#options.logger.warn({ waiting }, "a picture is refused, because too many wait");
      return Promise.resolve("busy");
    }
    const running = this.#inTurn(() => this.#fetch(address)).finally(() => this.#running.delete(address));
    this.#running.set(address, running);
    return running;
  }

  async #inTurn(act: () => Promise<Outcome>): Promise<Outcome> {
    if (this.#active >= this.#options.limits.atOnce) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#active += 1;
    try {
      return await act();
    } finally {
      // The next one takes over this turn.
      const next = this.#queue.shift();
      if (next === undefined) this.#active -= 1;
      else next();
    }
  }

  async #fetch(address: string): Promise<Outcome> {
    const { allowAddress, limits, logger } = this.#options;
    const { maxBytes, timeoutMs } = limits;
    try {
      const answer = await conditionalGet(address, {
        maxBytes,
        timeoutMs,
        allowAddress,
        headers: { accept: ACCEPT },
        signal: this.#stop.signal,
      });
      const bytes = answer.kind === "changed" ? answer.body : new Uint8Array();
      const type = pictureType(bytes);
      if (type === undefined) return this.#fail(address, "not_a_picture");
      this.#keep(address, { type, bytes });
      return { type, bytes };
    } catch (error) {
      // Everything else is a mistake in this code, or the end of the process.
      if (!(error instanceof HttpError) && !this.#stop.signal.aborted) throw error;
      logger.debug({ err: error }, "a picture was not fetched");
      return this.#fail(address, "unavailable");
    }
  }

  #fail(address: string, outcome: Outcome): Outcome {
    this.#failures.delete(address);
    this.#failures.set(address, { outcome, until: performance.now() + this.#options.limits.failureMs });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= MAX_FAILURES) break;
      this.#failures.delete(oldest);
    }
    return outcome;
  }

  #keep(address: string, picture: Picture): void {
    this.#cache.set(address, picture);
    this.#cachedBytes += picture.bytes.byteLength;
    for (const [oldest, { bytes }] of this.#cache) {
      if (this.#cachedBytes <= this.#options.limits.cacheBytes) break;
      this.#cache.delete(oldest);
      this.#cachedBytes -= bytes.byteLength;
    }
  }
}
