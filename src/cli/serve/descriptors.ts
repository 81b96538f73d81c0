import { readFileSync } from "node:fs";
import { DEFAULT_CONNECTION_LIMITS } from "../../http/connections.ts";

/** The most connections that the design is measured with. */
const MAX_STREAMS: number = DEFAULT_CONNECTION_LIMITS.connections;

/** How many connections the process can carry. */
export interface Capacity {
  /** Open streams. */
  readonly streams: number;
  /** Connections of every kind; undefined where the system does not tell its limit. */
  readonly connections: number | undefined;
}

/**
 * Shares the process's descriptors out: without some in reserve, a flood of connections would stop the journal
 * from opening its files.
 */
export function capacity(limit: number | undefined = descriptorLimit()): Capacity {
  if (limit === undefined) return { streams: MAX_STREAMS, connections: undefined };
  return { streams: Math.max(1, Math.min(MAX_STREAMS, Math.floor(limit * 0.8))), connections: Math.max(1, Math.floor(limit * 0.9)) };
}

/** The soft limit of open files, which Node has raised to the hard one. */
function descriptorLimit(): number | undefined {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    return match === null ? undefined : Number(match[1]);
  } catch {
    // Not Linux; the limits are then those of the configuration alone.
    return undefined;
  }
}
