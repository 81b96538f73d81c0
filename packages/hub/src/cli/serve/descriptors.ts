import { DEFAULT_CONNECTION_LIMITS } from "../../http/admission/connections.ts";
import { descriptorLimit } from "../descriptor-limit.ts";

/** Most connections, up to which the design is measured. */
const MAX_STREAMS: number = DEFAULT_CONNECTION_LIMITS.connections;
/**
 * Descriptors of the process itself: the runtime, the log, the journal, other workers, and spare
 * ones for opening files.
 */
const OWN = 48;
/** Below this number of streams, the log says which limit to raise. */
const FEW_STREAMS = 1000;

/** The connections that the process can carry. */
export interface Capacity {
  /** Open streams. */
  readonly streams: number;
  /** Connections of every kind. Undefined if the system does not tell its limit. */
  readonly connections: number | undefined;
  /** Warning for the operator. Undefined if there is room enough. */
  readonly warning: string | undefined;
}

/**
 * Allocates the process's descriptors. Without a reserve, a flood of connections would stop the
 * journal from opening its files.
 */
export function capacity(limit: number | undefined = descriptorLimit()): Capacity {
  if (limit === undefined) return { streams: MAX_STREAMS, connections: undefined, warning: undefined };
  const connections = Math.max(1, Math.floor(Math.min(limit * 0.9, limit - OWN)));
  const streams = Math.max(1, Math.min(MAX_STREAMS, Math.floor((connections * 8) / 9)));
  const warning =
    streams >= FEW_STREAMS
      ? undefined
      : `a process may have ${limit} files open here, so it holds at most ${streams} streams; raise the limit by ulimit -n, or by LimitNOFILE= of systemd`;
  return { streams, connections, warning };
}
