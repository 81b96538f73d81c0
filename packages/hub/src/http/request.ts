import type { AppRequest } from "./auth/app-rights.ts";
import type { Span } from "../core/tracing.ts";
import type { Framing } from "../core/update/wire.ts";

/**
 * The body was read before the hub got the request. The operator is told, because the hub is
 * mounted wrongly.
 */
export class BodyReadError extends TypeError {
  override readonly name = "BodyReadError";

  constructor() {
    super(
      "The request's body was read before the hub got the request. Mount the hub before body parsers such as express.json(), " +
        "and leave the bodies of its requests alone.",
    );
  }
}

/** A request, independent of any framework. */
export interface HubRequest {
  /** The framework's own request. Undefined if there is none. */
  readonly original?: AppRequest | undefined;
  /** The client's address, if the runtime tells it. */
  readonly address: string | undefined;
  readonly method: string;
  /** The result of `HubPaths.resolve`. Empty if the request is not for the hub. */
  readonly pathname: string;
  /** Without the `?`. */
  readonly query: string;
  /** Returns a field's value by its lower-case name, as the runtime shows it. */
  header(name: string): string | undefined;
  /** Every `Authorization` field. */
  readonly authorization: readonly string[];
  /** The span of a publish or a subscription. Undefined if nothing is measured. */
  span?: Span | undefined;
  /** How a stream to this client is delimited. */
  readonly framing: Framing;
  /** @throws HubError `too_large`, `overloaded` or `invalid_body`; {@link BodyReadError}. */
  readBody(maxBytes: number): Uint8Array | Promise<Uint8Array>;
  /** Whether the client has left. */
  isGone(): boolean;
  /**
   * @throws HubError `invalid_host`; `overloaded` if the connection is one of too many new ones.
   */
  admit(): void;
}
