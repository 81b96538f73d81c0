import { ALIAS_PATH } from "../reply/reply.ts";
import { parseUrl } from "../../core/parse-url.ts";

/** Maps the paths of requests to the paths of the hub's URL, which topics and tokens use. */
export class HubPaths {
  readonly #hubPath: string;
  readonly #metadataPath: string;
  /** The path at which requests arrive, without a trailing slash. */
  readonly #base: string;
  readonly #hasAlias: boolean;

  /**
   * @param hubPath - The path of the hub's URL.
   * @param metadataPath - The path of its metadata, which does not move with the hub.
   * @param path - The path at which requests arrive. Default: the hub's path, and {@link
   *   ALIAS_PATH}.
   */
  constructor(hubPath: string, metadataPath: string, path: string | undefined) {
    this.#hubPath = hubPath;
    this.#metadataPath = metadataPath;
    this.#base = path === "/" ? "" : (path ?? hubPath);
    this.#hasAlias = path === undefined || path === ALIAS_PATH;
  }

  /**
   * Finds the destination of a request.
   *
   * @param pathname - As written in the request.
   * @returns The path in terms of the hub's URL, or {@link ALIAS_PATH}. Undefined if the request is
   *   not for the hub.
   */
  resolve(pathname: string): string | undefined {
    if (pathname === this.#metadataPath || (pathname === ALIAS_PATH && this.#hasAlias)) return pathname;
    if (pathname === this.#base || (pathname === "/" && this.#base === "")) return this.#hubPath;
    return pathname.startsWith(`${this.#base}/`) ? this.#hubPath + pathname.slice(this.#base.length) : undefined;
  }
}

/**
 * Whether requests can arrive at a path. It must begin with a slash, end without one, and have the
 * form that browsers send.
 */
export function isPath(path: string): boolean {
  const hasSlashes = path.startsWith("/") && (path === "/" || !path.endsWith("/"));
  return hasSlashes && parseUrl(`http://hub${path}`)?.pathname === path;
}
