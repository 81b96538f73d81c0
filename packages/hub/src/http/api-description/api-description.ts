import { parseOrigin } from "../auth/origin.ts";
import { LOOPBACK_HOSTS } from "../admission/guard.ts";
import type { Reply } from "../reply/reply.ts";
import { asyncApi, asyncApiServers } from "./asyncapi.ts";
import { openApi, openApiServers } from "./openapi.ts";
import type { DescribedHub } from "./types.ts";

/** A document in which a hub describes itself. */
export type DescriptionFormat = "openapi" | "asyncapi";

/** The parts of a document. */
interface DocumentParts {
  /** Makes everything except the servers. */
  readonly make: (hub: DescribedHub) => object;
  /** Makes the servers, for each request. */
  readonly servers: (origin: URL, hub: DescribedHub) => object;
}

const DOCUMENTS: Readonly<Record<DescriptionFormat, DocumentParts>> = {
  openapi: { make: openApi, servers: openApiServers },
  asyncapi: { make: asyncApi, servers: asyncApiServers },
};

/** Host names that are no public address. */
const LOCAL_HOSTS: ReadonlySet<string> = new Set([...LOOPBACK_HOSTS, "0.0.0.0", "[::]"]);

/** The documents in which a hub describes its routes and its events. Made when first asked for. */
export class ApiDescription {
  readonly #hub: DescribedHub;
  readonly #made = new Map<DescriptionFormat, { readonly limits: string; readonly text: string }>();

  constructor(hub: DescribedHub) {
    this.#hub = hub;
  }

  /** @param host - The host that the request names. */
  reply(format: DescriptionFormat, host: string | undefined): Reply {
    const servers = DOCUMENTS[format].servers(originOf(this.#hub.url, host), this.#hub);
    return {
      status: 200,
      headers: { "Content-Type": "application/json", "Cache-Control": "no-cache" },
      body: `${this.#textOf(format).slice(0, -1)},"servers":${JSON.stringify(servers)}}\n`,
    };
  }

  /** The document without its servers. Made again after a change of the limits. */
  #textOf(format: DescriptionFormat): string {
    const limits = Object.values(this.#hub.limits).join();
    const made = this.#made.get(format);
    if (made?.limits === limits) return made.text;
    const text = JSON.stringify(DOCUMENTS[format].make(this.#hub));
    this.#made.set(format, { limits, text });
    return text;
  }
}

/**
 * Finds the origin at which clients reach the hub: that of its URL. A URL of this machine alone is
 * no public one, so the host of the request counts then.
 */
function originOf(hubUrl: string, host: string | undefined): URL {
  const own = new URL(hubUrl);
  const named = host === undefined || !LOCAL_HOSTS.has(own.hostname) ? undefined : parseOrigin(`${own.protocol}//${host}`);
  return named === undefined ? own : new URL(named);
}
