import { DEFAULT_CONNECTION_LIMITS } from "../../http/admission/connections.ts";
import { descriptorLimit } from "../descriptor-limit.ts";

/** The most connections that the design is measured with. */
const MAX_STREAMS: number = DEFAULT_CONNECTION_LIMITS.connections;
/** Descriptors of the process itself: the runtime, the log, the journal, other workers, and a few to open files with. */
const OWN = 48;
/** Below so many streams the log says what to raise. */
const FEW_STREAMS = 1000;

/** How many connections the process can carry. */
export interface Capacity {
  /** Open streams. */
  readonly streams: number;
  /** Connections of every kind; undefined where the system does not tell its limit. */
  readonly connections: number | undefined;
  /** Warning for the operator, or undefined if there is room enough. */
  readonly warning: string | undefined;
}

/**
 * Shares the process's descriptors out: without some in reserve, a flood of connections would stop the journal
 * from opening its files.
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
