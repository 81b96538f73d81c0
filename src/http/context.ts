import type { LogThrottle } from "../core/log-throttle.ts";
import type { HubCore } from "../core/hub-core.ts";
import type { Framing } from "../core/wire.ts";
import type { Access } from "./access.ts";
import type { Arrivals } from "./arrivals.ts";
import type { BodyBytes } from "./body-bytes.ts";
import type { ClosedServers } from "./closed-servers.ts";
import type { Compat } from "./compat.ts";
import type { Connections } from "./connections.ts";
import type { Cors } from "./cors.ts";
import type { FaultLog } from "./fault-log.ts";
import type { ResourceMetadata } from "./metadata.ts";
import type { Metrics } from "./metrics.ts";
import type { HubPaths } from "./paths.ts";
import type { ReservedTopics } from "./reserved-topics.ts";
import type { StreamResets } from "./stream-resets.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

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
  readonly bodies: BodyBytes;
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
  /** @throws HubError `too_large`, `overloaded` or `invalid_body`; {@link BodyReadError}. */
  readonly readBody: (maxBytes: number) => Promise<Uint8Array>;
  /** Whether its client has left. */
  readonly isGone: () => boolean;
  /** @throws HubError `invalid_host`; `overloaded` where its connection is one of too many new ones. */
  readonly admit: () => void;
}
