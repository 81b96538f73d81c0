import type { Logger } from "../../index.ts";
import { createOutput } from "../terminal.ts";
import type { Access, Listening } from "./plan.ts";

/** What is told when a server is there. */
export interface Announcement extends Listening {
  readonly logger: Logger;
  readonly access: Access;
  /** Lines for whoever started the server on a terminal. */
  readonly welcome: (listenUrl: string) => readonly string[];
  /** How many processes share the port, where it is more than one. */
  readonly workers?: number | undefined;
}

/** Tells the log, scripts (by one line on stdout), and people that the server is there. */
export async function announce({ listenUrl, hubUrl, place, logger, access, welcome, workers }: Announcement): Promise<void> {
  logger.info({ url: listenUrl, hub: hubUrl, journal: place, ...(workers === undefined ? {} : { workers }) }, "listening");
  for (const warning of access.warnings) logger.warn({}, warning);
  const stderr = createOutput(process.stderr);
  await createOutput(process.stdout).line(`listening on ${listenUrl}`);
  if (!stderr.isTerminal) return;
  const lines = [...welcome(listenUrl), `Updates are kept in ${place}.`, "Stop with Ctrl-C."];
  await stderr.line(["", ...lines.map((line) => `  ${line}`), ""].join("\n"));
}
