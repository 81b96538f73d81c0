import type { Hub, Logger } from "../../index.ts";
import type { ConsoleKey } from "./stats-tokens.ts";

/** What `createConsole` takes. */
export interface ConsoleOptions {
  /** The hub to look at, made with {@link CONSOLE_TOPICS} among its reserved topics. The console does not close it. */
  readonly hub: Hub;
  /**
   * Whether everyone who reaches the console may use it, which is for a server that only its own machine reaches. Default false: every
   * request needs a token that administers the hub.
   */
  readonly open?: boolean | undefined;
  /**
   * What the pages of an open console get their token for the figures signed with; the hub must have {@link consoleIssuer} of it, or another
   * of the same name and secret, among its issuers. Required where the console is open.
   */
  readonly key?: ConsoleKey | undefined;
  /** The hub's resource identifier. Default: its URL. */
  readonly audience?: string | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** How far apart the figures are, in milliseconds, from 10. Default 1,000. */
  readonly sampleMs?: number | undefined;
}

export const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
