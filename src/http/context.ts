import type { LogThrottle } from "../core/log-throttle.ts";
import type { HubCore } from "../core/hub-core.ts";
import type { Framing } from "../core/update/wire.ts";
import type { Access } from "./auth/access.ts";
import type { Arrivals } from "./admission/arrivals.ts";
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
import type { TrustedProxies } from "./admission/trusted-proxies.ts";

/** The request's body was taken before the hub had the request: a mistake in how the hub is mounted, which whoever runs the server is told. */
export class BodyReadError extends TypeError {
  override readonly name = "BodyReadError";

  constructor() {
    super(
      "The request's body was read before the hub got the request. Mount the hub before body parsers such as express.json(), " +
        "and leave the bodies of its requests alone.",
    );
  }
}

/** What both handlers share. */
export interface HttpContext {
  readonly hub: HubCore;
  /** Logs what peers cause, each kind at most once a minute. */
  readonly notices: LogThrottle;
  readonly faults: FaultLog;
  /** The path of the hub's URL. */
  readonly hubPath: string;
  readonly arrivals: Arrivals;
  readonly connections: Connections;
  readonly proxies: TrustedProxies;
  readonly streamResets: StreamResets;
  readonly closedServers: ClosedServers;
  readonly access: Access;
  readonly cors: Cors;
  readonly metadata: ResourceMetadata;
  readonly metrics: Metrics;
  /** The earlier version of the protocol that is spoken too. */
  readonly compat: Compat | undefined;
  readonly reservedTopics: ReservedTopics;
  readonly paths: HubPaths;
}

/** A request, in terms of no framework. */
export interface HubRequest {
  /** The client's, if the runtime tells one. */
  readonly address: string | undefined;
  readonly method: string;
  /** What it is for, as {@link HubPaths.resolve} says; empty if it is not for the hub. */
  readonly pathname: string;
  /** Without the `?`. */
  readonly query: string;
  /** A field's value by its lower-case name, as the runtime shows it. */
  readonly header: (name: string) => string | undefined;
  /** Every `Authorization` field. */
  readonly authorization: readonly string[];
  /** How a stream to it is delimited. */
  readonly framing: Framing;
  /** @throws HubError `too_large` or `invalid_body`; {@link BodyReadError}. */
  readonly readBody: (maxBytes: number) => Promise<Uint8Array>;
  /** Whether its client has left. */
  readonly isGone: () => boolean;
  /** @throws HubError `invalid_host`; `overloaded` where its connection is one of too many new ones. */
  readonly admit: () => void;
}
