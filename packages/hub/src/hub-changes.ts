import type { LiveLimit, Limits } from "./core/limits.ts";
import type { HubCore } from "./core/hub-core.ts";
import type { Arrivals } from "./http/admission/arrivals.ts";
import type { BodyBytes } from "./http/admission/body-bytes.ts";
import type { ConnectionLimits } from "./http/admission/connections.ts";
import type { Authorizer, IssuerOptions } from "./http/auth/index.ts";
import type { Cors } from "./http/reply/cors.ts";
import type { PolledBytes } from "./http/sinks/polled-bytes.ts";

/** Options that a running hub can take over. Streams stay open. */
export interface ChangedOptions {
  /** Ignored by a hub that began without any issuer. */
  readonly issuers: readonly IssuerOptions[];
  readonly corsOrigins: readonly string[];
  readonly publishOrigins: readonly string[];
  readonly limits: Pick<Limits, LiveLimit>;
  readonly connections: ConnectionLimits;
}

/** A change that was checked and can't fail any more. Call exactly one of the two. */
export interface PreparedChange {
  /** Makes the change, all of it within this turn of the event loop. */
  readonly apply: () => void;
  /** Leaves everything as it is. */
  readonly abandon: () => void;
}

/** The parts of a hub that change. */
export interface ChangingParts {
  readonly hub: HubCore;
  readonly authorizer: Authorizer | undefined;
  readonly cors: Cors;
  /** Options of `Access`, which reads them at each use. */
  readonly access: { publishOrigins: readonly string[] };
  /** Limits of `Connections`, which reads them at each use. */
  readonly streams: ConnectionLimits & Limits;
  readonly arrivals: Arrivals;
  readonly bodies: BodyBytes;
  readonly polled: PolledBytes;
}

/**
 * Prepares a change of a running hub.
 *
 * @throws TypeError or Error if the issuers can't be used, or a new JWK set can't be fetched. The
 *   hub is unchanged then.
 */
export async function prepareChange(parts: ChangingParts, options: ChangedOptions): Promise<PreparedChange> {
  const { hub, authorizer, cors, access, streams, arrivals, bodies, polled } = parts;
  const issuers = await authorizer?.prepare(options.issuers);
  return {
    apply() {
      issuers?.use();
      cors.allow(options.corsOrigins);
      access.publishOrigins = options.publishOrigins;
      hub.changeLimits(options.limits);
      Object.assign(streams, hub.limits, options.connections);
      arrivals.change(options.connections);
      bodies.limit = hub.limits.pendingBodyBytes;
      polled.maxBytes = hub.limits.heldBytes;
    },
    abandon: () => issuers?.drop(),
  };
}
