import type { ErrorCode, HubError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { LogThrottle } from "../../core/log-throttle.ts";
import type { OutageLog } from "../../core/journal/outage-log.ts";

/** Refusals that the operator must know of. The peer can mend all others. */
export const FAULTS: ReadonlySet<ErrorCode> = new Set(["journal_full", "journal_unavailable", "outcome_unknown", "internal"]);

/**
 * Logs the faults that refuse requests, each kind at most once a minute. While the journal is away,
 * every request meets one.
 */
export class FaultLog {
  readonly #throttle: LogThrottle;
  readonly #outage: OutageLog | undefined;

  /** @param outage - Collects the journal's faults. Default: they are logged like all others. */
  constructor(logger: Logger, outage?: OutageLog) {
    this.#throttle = new LogThrottle(logger);
    this.#outage = outage;
  }

  note(failure: HubError): void {
    const { code, message, cause } = failure;
    if (!FAULTS.has(code)) return;
    if (this.#outage !== undefined && code !== "internal") this.#outage.failed(failure);
    else this.#throttle.log("error", code, { err: cause ?? failure, code }, message);
  }
}

const known = new WeakMap<Logger, FaultLog>();

/** The fault log of a logger, shared by all users of the logger. */
export function faultLogOf(logger: Logger): FaultLog {
  let faults = known.get(logger);
  if (faults === undefined) {
    faults = new FaultLog(logger);
    known.set(logger, faults);
  }
  return faults;
}
