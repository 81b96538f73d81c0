import type { LogThrottle } from "../core/log-throttle.ts";
import type { HubCore } from "../core/hub-core.ts";
import type { Access } from "./auth/access.ts";
import type { Arrivals } from "./admission/arrivals.ts";
import type { ApiDescription } from "./api-description/api-description.ts";
import type { BodyBytes } from "./admission/body-bytes.ts";
import type { ClosedServers } from "./sinks/closed-servers.ts";
import type { Compat } from "./compat/names.ts";
import type { Connections } from "./admission/connections.ts";
import type { Cors } from "./reply/cors.ts";
import type { FaultLog } from "./reply/fault-log.ts";
import type { ResourceMetadata } from "./routes/metadata.ts";
import type { Metrics } from "./routes/metrics-collector.ts";
import type { HubPaths } from "./routes/paths.ts";
import type { ReservedTopics } from "./routes/reserved-topics.ts";
import type { StreamResets } from "./admission/stream-resets.ts";
import type { PolledBytes } from "./sinks/polled-bytes.ts";
import type { TrustedProxies } from "./admission/trusted-proxies.ts";

/** Shared state of both handlers. */
export interface HttpContext {
  readonly hub: HubCore;
  /** Logs events that peers cause, each kind at most once a minute. */
  readonly notices: LogThrottle;
  readonly faults: FaultLog;
  /** The path of the hub's URL. */
  readonly hubPath: string;
  readonly arrivals: Arrivals;
  readonly connections: Connections;
  readonly bodies: BodyBytes;
  readonly polled: PolledBytes;
  readonly proxies: TrustedProxies;
  readonly streamResets: StreamResets;
  readonly closedServers: ClosedServers;
  readonly access: Access;
  readonly cors: Cors;
  readonly metadata: ResourceMetadata;
  readonly metrics: Metrics;
  /** Undefined if the hub does not describe itself. */
  readonly apiDescription: ApiDescription | undefined;
  /** The earlier version of the protocol that is spoken too. */
  readonly compat: Compat | undefined;
  readonly reservedTopics: ReservedTopics;
  readonly paths: HubPaths;
}
