import { HubError } from "../core/errors.ts";
import type { HubCore } from "../core/hub-core.ts";
import type { Connections } from "./connections.ts";

/** What both handlers share. */
export interface HttpContext {
  readonly hub: HubCore;
  readonly connections: Connections;
  /** Whether anyone who reaches the hub may publish. */
  readonly anonymousPublish: boolean;
  /** Whether a path is one of the hub's. */
  readonly handles: (pathname: string) => boolean;
}

/** @throws HubError `method_not_allowed`. */
export function checkMethod(method: string): "subscribe" | "publish" | "options" {
  switch (method) {
    case "GET":
    case "HEAD":
      return "subscribe";
    case "POST":
      return "publish";
    case "OPTIONS":
      return "options";
    default:
      throw new HubError("method_not_allowed", "Use GET to subscribe or POST to publish.");
  }
}

/** @throws HubError `publish_forbidden`. */
export function checkPublish(context: HttpContext): void {
  if (!context.anonymousPublish) {
    throw new HubError(
      "publish_forbidden",
      "This hub takes no updates over HTTP from anonymous publishers. Publish from its own process, or allow it with `anonymousPublish`.",
    );
  }
}
