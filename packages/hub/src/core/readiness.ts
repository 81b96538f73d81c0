import { ERROR_CODES } from "./errors.ts";
import type { HubCore } from "./hub-core.ts";

/** Result of one health check. */
export interface HealthCheck {
  readonly status: "pass" | "fail";
  /** The fault, in words that anybody may read. */
  readonly detail?: string | undefined;
}

/** Whether a hub can do all its work. As JSON, the answer of the command's `/health/ready`. */
export interface Readiness extends HealthCheck {
  /**
   * `journal`: an update could be appended now. `keys`: the JWK set of each issuer was fetched
   * once. `drain`: the hub is not shutting down.
   */
  readonly checks: Readonly<Record<"journal" | "keys" | "drain", HealthCheck>>;
}

/** @param issuers - Issuers whose JWK set was never fetched. */
export async function readinessOf(
  hub: Pick<HubCore, "draining" | "journalCheck" | "journalFailure">,
  issuers: readonly string[],
): Promise<Readiness> {
  const failure = await hub.journalCheck.failure();
  return readiness({
    journal: check(hub.journalFailure ?? (failure && ERROR_CODES[failure])),
    keys: check(issuers.length === 0 ? undefined : `waiting for the JWK set of ${issuers.join(", ")}`),
    drain: check(hub.draining ? ERROR_CODES.draining : undefined),
  });
}

/** Sums checks up. One failure is enough. */
export function readiness(checks: Readiness["checks"]): Readiness {
  return { status: Object.values(checks).some(({ status }) => status === "fail") ? "fail" : "pass", checks };
}

/** @param detail - The fault, or undefined if there is none. */
export function check(detail: string | undefined): HealthCheck {
  return detail === undefined ? { status: "pass" } : { status: "fail", detail };
}
