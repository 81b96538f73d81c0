import type { HubError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { every, monotonicMs } from "../scheduler.ts";

/** Shortest time between two lines that say that the journal fails, in milliseconds. */
const PERIOD_MS = 60_000;

type Failure = Pick<HubError, "code" | "message" | "cause">;

/**
 * Logs an outage of the journal: a line at its start, a line a minute with the failures since, and
 * a line at its end. Every request fails meanwhile, and a line for each would fill the disk.
 */
export class OutageLog {
  readonly #logger: Logger;
  readonly #periodMs: number;
  /**
   * Start of the outage, in milliseconds of the monotonic clock, or undefined without an outage.
   */
  #beganAtMs: number | undefined;
  /** Time of the last line about a failure. */
  #toldAtMs = -Infinity;
  /** Whether a line has told of this outage. */
  #isTold = false;
  /**
   * Whether the journal itself has said that it is away. The journal then also says when it is
   * back.
   */
  #isAway = false;
  #last: Failure | undefined;
  /** Failures since the last line, and since the outage began. */
  #count = 0;
  #all = 0;
  #stopTimer: () => void = () => undefined;

  /**
   * @param periodMs - Shortest time between two lines that say that the journal fails. Default: a
   *   minute.
   */
  constructor(logger: Logger, periodMs: number = PERIOD_MS) {
    this.#logger = logger;
    this.#periodMs = periodMs;
  }

  /** A request failed because the journal fails. */
  failed(failure: Failure): void {
    this.#last = failure;
    this.#count++;
    this.#all++;
    this.#begin();
  }

  /** An append succeeded. */
  succeeded(): void {
    if (this.#beganAtMs !== undefined && !this.#isAway) this.#end();
  }

  /** The journal says that it is out of reach, or can be reached again. */
  away(failure: Failure | undefined): void {
    this.#isAway = failure !== undefined;
    if (failure === undefined) this.succeeded();
    else {
      this.#last = failure;
      this.#begin();
    }
  }

  close(): void {
    this.#stopTimer();
  }

  #begin(): void {
    if (this.#beganAtMs !== undefined) return;
    this.#beganAtMs = monotonicMs();
    // An outage that comes and goes counts as one long outage.
    if (this.#beganAtMs - this.#toldAtMs >= this.#periodMs)
      this.#tell("the journal fails; writes that cannot be kept are refused until it works again");
    this.#stopTimer();
    this.#stopTimer = every(this.#periodMs, () => {
      if (this.#count > 0 || !this.#isTold) this.#tell("the journal still fails");
    });
  }

  #tell(text: string): void {
    const { code, message = "", cause } = this.#last ?? {};
    const err = cause ?? undefined;
    this.#logger.error({ code, detail: message, ...(err !== undefined && { err }), failures: this.#count }, text);
    this.#toldAtMs = monotonicMs();
    this.#isTold = true;
    this.#count = 0;
  }

  #end(): void {
    const lastedMs = Math.round(monotonicMs() - (this.#beganAtMs ?? 0));
    if (this.#isTold) this.#logger.warn({ failures: this.#all, lastedMs }, "the journal works again");
    this.#stopTimer();
    this.#beganAtMs = undefined;
    this.#isTold = false;
    this.#count = 0;
    this.#all = 0;
  }
}
