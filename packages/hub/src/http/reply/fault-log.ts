import type { ErrorCode, HubError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { LogThrottle } from "../../core/log-throttle.ts";
import type { OutageLog } from "../../core/journal/outage-log.ts";

/** Refusals that the operator must know of. The peer mends all others. */
export const FAULTS: ReadonlySet<ErrorCode> = new Set(["journal_full", "journal_unavailable", "outcome_unknown", "internal"]);

/** Logs the faults that refuse requests, each kind at most once a minute: while the journal is away every request meets one. */
export class FaultLog {
  readonly #throttle: LogThrottle;
  readonly #outage: OutageLog | undefined;

  /** @param outage - Takes note of those that are the journal's. Default: they are as any other. */
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

/** The fault log of a logger: one for all that share it. */
export function faultLogOf(logger: Logger): FaultLog {
  let faults = known.get(logger);
  if (faults === undefined) {
    faults = new FaultLog(logger);
    known.set(logger, faults);
  }
  return faults;
}
