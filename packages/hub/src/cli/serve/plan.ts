import type { IssuerOptions } from "../../http/auth/index.ts";
import type { Config } from "../config/config.ts";
import type { ListenAddress } from "./address.ts";

/**
 * How long closing may take beyond the drain, in milliseconds. The journal's last commits may meet
 * a slow disk.
 */
export const CLOSE_MS = 15_000;

/** The permissions of a server. */
export interface Access {
  /** Accepted issuers. Empty: none. */
  readonly issuers: readonly IssuerOptions[];
  readonly anonymous: boolean;
  readonly anonymousPublish: boolean;
  /** Warnings for the log at the start. */
  readonly warnings: readonly string[];
}

/**
 * The configuration of a run as plain data. The primary reads and checks the plan once, and gives
 * the same one to all workers.
 */
export interface Plan {
  readonly config: Config;
  readonly address: ListenAddress;
  readonly access: Access;
  /** The secret that makes event ids opaque. Undefined if they are not. */
  readonly idsSecret: Uint8Array | undefined;
  /**
   * The journal's epoch when the server began. A replaced worker must not begin another epoch.
   * Undefined in a server of one process.
   */
  readonly epoch?: string | undefined;
  /** Data for the site, like keys of all its processes. The structured clone algorithm takes them. */
  readonly site?: unknown;
}

/** Facts about a listening server. */
export interface Listening {
  /** The origin that the server listens on. */
  readonly listenUrl: string;
  /** The hub's URL. */
  readonly hubUrl: string;
  /** The journal's place, for people. */
  readonly place: string;
}
