import type { Hub, Logger } from "../../index.ts";
import type { ConsoleKey } from "./stats-tokens.ts";

/** Options of `createConsole`. */
export interface ConsoleOptions {
  /**
   * The hub to observe, made with {@link CONSOLE_TOPICS} among its reserved topics. The console
   * does not close the hub.
   */
  readonly hub: Hub;
  /**
   * Whether everyone who reaches the console may use it. Meant for a server that only its own
   * machine reaches. Default false: every request needs a token that administers the hub.
   */
  readonly open?: boolean | undefined;
  /**
   * Key that signs an open console's tokens for the figures. The hub's issuers must include {@link
   * consoleIssuer} of this key, or an issuer of the same name and secret. Required if the console
   * is open.
   */
  readonly key?: ConsoleKey | undefined;
  /** The hub's resource identifier. Default: its URL. */
  readonly audience?: string | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Interval of the figures, in milliseconds, from 10. Default 1,000. */
  readonly sampleMs?: number | undefined;
  /** Most topics counted at a time. Default 1,000. */
  readonly topics?: number | undefined;
}

export const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** How long the console counts after the last question, in milliseconds. */
export const WATCHED_MS = 30_000;
