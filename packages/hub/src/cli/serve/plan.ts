import type { IssuerOptions } from "../../http/auth/index.ts";
import type { Config } from "../config/config.ts";
import type { ListenAddress } from "./address.ts";

/** How long closing may take beyond the drain, in milliseconds: the journal's last commits, on a slow disk. */
export const CLOSE_MS = 15_000;

/** Who may do what. */
export interface Access {
  /** Whose tokens are accepted; empty: nobody's. */
  readonly issuers: readonly IssuerOptions[];
  readonly anonymous: boolean;
  readonly anonymousPublish: boolean;
  /** What the log tells about it at the start. */
  readonly warnings: readonly string[];
}

/** What to run: plain data, so that a worker gets from its primary what that has read and checked, and all of them the same. */
export interface Plan {
  readonly config: Config;
  readonly address: ListenAddress;
  readonly access: Access;
  /** What makes event ids opaque; undefined where they are not. */
  readonly idsSecret: Uint8Array | undefined;
  /** The journal's, when the server began: a worker that is replaced must not begin another one. Undefined in a server of one process. */
  readonly epoch?: string | undefined;
}

/** What a server tells when it listens. */
export interface Listening {
  /** The origin that it listens on. */
  readonly listenUrl: string;
  /** The hub's URL. */
  readonly hubUrl: string;
  /** Where its journal is, for people. */
  readonly place: string;
}
