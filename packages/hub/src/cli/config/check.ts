import { accessSync, constants, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Failure, UsageError } from "../errors.ts";
import { checkIdsSecret } from "../keys/ids.ts";
import { keyProblems } from "../keys/trusted.ts";
import { accessOfServer } from "../serve/access.ts";
import { resolveHost } from "../serve/address.ts";
import { certificateOf } from "../serve/tls/certificate.ts";
import { tracingOf } from "../serve/tracing.ts";
import { workersOf } from "../serve/workers.ts";
import type { Config } from "./config.ts";
import { placeOf } from "./flags.ts";
import { resolveConfig, type Sources, unreadable } from "./load.ts";
import { unknownVariables } from "./variables.ts";

/** The outcome of a check. */
export interface Verdict {
  /** Reasons why a server would not start. Each begins with its place and ends with the correction. */
  readonly problems: readonly string[];
  /** Notes on settings that a server takes, and that may not be meant. */
  readonly warnings: readonly string[];
  /** The settings. Undefined if they can't be read. */
  readonly config: Config | undefined;
}

/** Packages of the journals' clients, which are installed by hand. */
const CLIENTS = { redis: ["@redis/client"], nats: ["@nats-io/transport-node", "@nats-io/jetstream"] } as const;

/**
 * Checks the configuration, and the files and directories that it names, as `artesian serve` does at
 * its start. Starts, opens and writes nothing, and fetches no JWK set.
 */
export async function checkConfig(sources: Sources): Promise<Verdict> {
  const warnings = unknownVariables(sources.env).map(({ text }) => text);
  const { config, problems: wrong } = resolveConfig(sources);
  if (config === undefined) return { problems: wrong, warnings, config };
  const problems: string[] = [...keyProblems(config)];
  const tryTo = async <T>(check: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof Failure)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  const address = await tryTo(() => resolveHost(config.host));
  // The keys together: an issuer without one, one that is named twice, a file of the data directory.
  if (problems.length === 0 && address !== undefined) {
    const access = await tryTo(() => accessOfServer(config, address));
    warnings.push(...(access?.warnings ?? []));
  }
  await tryTo(() => checkIdsSecret(config));
  await tryTo(() => workersOf(config));
  await tryTo(() => certificateOf(config));
  for (const { directory, place } of directoriesOf(config)) await tryTo(() => checkDirectory(directory, place));
  await tryTo(() => checkClient(config));
  await tryTo(() => tracingOf(config));
  return { problems: [...new Set(problems)], warnings, config };
}

function directoriesOf({ data, journal }: Config): readonly { readonly directory: string; readonly place: string }[] {
  const own = { directory: data, place: placeOf("data") };
  if ("url" in journal) return [own];
  if (!("directory" in journal)) return [];
  if (journal.directory !== undefined) return [own, { directory: journal.directory, place: placeOf("journal") }];
  return [own, { directory: join(data, "journal"), place: placeOf("data") }];
}

/**
 * Checks that a directory can be used, or made.
 *
 * @throws Failure that says which directory stands in the way.
 */
function checkDirectory(path: string, place: string): void {
  const directory = resolve(path);
  for (let at = directory; ; at = dirname(at)) {
    try {
      if (!statSync(at).isDirectory()) throw new Failure(`${place}: ${at} is no directory. Name another, or move it away.`);
      accessSync(at, constants.R_OK | constants.W_OK | constants.X_OK);
      return;
    } catch (error) {
      if (error instanceof Failure) throw error;
      const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
      // A missing directory is made, if the one above it may be written.
      if ((code === "ENOENT" || code === "ENOTDIR") && dirname(at) !== at) continue;
      const why = code === "EACCES" ? "may not be written by this user. Change its owner, or name another." : unreadable(error);
      throw new Failure(`${place}: ${at}: ${why}`, { cause: error });
    }
  }
}

/** @throws Failure when the client of the journal's engine is not installed. */
function checkClient({ journal }: Config): void {
  if (!("url" in journal)) return;
  const missing = CLIENTS[journal.kind].filter((name) => !isInstalled(name));
  if (missing.length > 0) {
    throw new Failure(`${placeOf("journal")}: the client is not installed. Install it beside Artesian:  npm install ${missing.join(" ")}`);
  }
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    // The resolver throws for a package that is not there.
    return false;
  }
}
