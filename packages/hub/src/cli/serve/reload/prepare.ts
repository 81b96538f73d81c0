import { partsOf } from "../../../create-hub.ts";
import type { Hub } from "../../../index.ts";
import type { Capacity } from "../descriptors.ts";
import { connectionsFrom, limitsFrom, socketLimitsFrom } from "../hub-options.ts";
import type { Plan } from "../plan.ts";
import type { CertificateWatch } from "../tls/certificate-watch.ts";
import type { Prepare } from "./hang-ups.ts";

/** The parts of a server that change with its plan, beside the hub. */
export interface ServerParts {
  /** The connections that the process can carry. */
  readonly room: Capacity;
  /** Limits of `Sockets`, which reads them at each use. */
  readonly socketLimits: ReturnType<typeof socketLimitsFrom>;
  /** The certificate. Undefined without TLS. */
  readonly certificate: CertificateWatch | undefined;
  /** Changes the rest of the server. Must not throw. */
  readonly onApply: (plan: Plan) => void;
}

/** Makes the function that prepares new plans in this process. */
export function createPrepare(hub: Hub, { room, socketLimits, certificate, onApply }: ServerParts): Prepare {
  return async (plan) => {
    const { config, access } = plan;
    const renewed = certificate?.prepare();
    const { apply, abandon } = await partsOf(hub).prepareChange({
      issuers: access.issuers,
      corsOrigins: config.corsOrigin,
      publishOrigins: config.publishOrigin,
      limits: limitsFrom(config),
      connections: connectionsFrom(config, room.streams),
    });
    return {
      apply() {
        apply();
        renewed?.apply();
        Object.assign(socketLimits, socketLimitsFrom(config, room.connections));
        onApply(plan);
      },
      abandon,
    };
  };
}
