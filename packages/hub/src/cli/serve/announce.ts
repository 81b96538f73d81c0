import type { Logger } from "../../index.ts";
import type { Config } from "../config/config.ts";
import { createOutput } from "../terminal.ts";
import { VERSION } from "../version.ts";
import type { ListenAddress } from "./address.ts";
import { retentionOf } from "./data.ts";
import { LineWriter } from "./line-writer.ts";
import type { Access, Listening } from "./plan.ts";

/** The announcement of a server that listens. */
export interface Announcement extends Listening {
  readonly logger: Logger;
  readonly config: Config;
  readonly address: ListenAddress;
  readonly access: Access;
  /** Lines for the terminal from which the server was started. */
  readonly welcome: (listenUrl: string) => readonly string[];
  /** Called once. Returns a line for the log. */
  readonly onListening?: ((listenUrl: string) => string) | undefined;
  /** The number of processes that share the port, if more than one. */
  readonly workers?: number | undefined;
}

/**
 * Warns of a public address without a public URL. Tokens that are made for the real public URL
 * would be refused.
 */
function assumedAudience({ config, address, access, hubUrl }: Announcement): readonly string[] {
  const isSaid = config.publicUrl !== undefined || config.resourceIdentifier !== undefined;
  if (isSaid || address.loopback || access.issuers.length === 0) return [];
  return [
    `without --public-url or --resource-identifier, tokens must be for the audience ${hubUrl}; set --public-url to the URL that clients use, here and for artesian token mint`,
  ];
}

/** Announces the server in the log, to scripts (by one line on stdout) and to people. */
export async function announce(announcement: Announcement): Promise<void> {
  const { listenUrl, hubUrl, place, config, access, logger, welcome, onListening, workers } = announcement;
  const issuers = access.issuers.map(({ issuer }) => issuer);
  const fields = {
    version: VERSION,
    url: listenUrl,
    hub: hubUrl,
    journal: place,
    retention: retentionOf(config),
    issuers,
    ...(issuers.length > 0 && { audience: config.resourceIdentifier ?? hubUrl }),
    ...(workers !== undefined && { workers }),
  };
  logger.info(fields, "listening");
  if (onListening !== undefined) logger.info({}, onListening(listenUrl));
  for (const warning of [...access.warnings, ...assumedAudience(announcement)]) logger.warn({}, warning);
  const stderr = createOutput(process.stderr);
  new LineWriter(1).write(`listening on ${listenUrl}\n`);
  if (!stderr.isTerminal) return;
  const lines = [...welcome(listenUrl), `Updates are kept in ${place}.`, "Stop with Ctrl-C."];
  await stderr.line(["", ...lines.map((line) => `  ${line}`), ""].join("\n"));
}
