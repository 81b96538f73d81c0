import type { Framing } from "../core/update/wire.ts";

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

/** A request, in terms of no framework. */
export interface HubRequest {
  /** The client's, if the runtime tells one. */
  readonly address: string | undefined;
  readonly method: string;
  /** What it is for, as `HubPaths.resolve` says; empty if it is not for the hub. */
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
