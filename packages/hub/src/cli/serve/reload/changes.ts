import { isDeepStrictEqual } from "node:util";
import type { Config } from "../../config/config.ts";
import { KEYS } from "../../config/settings.ts";
import { RELOADED } from "../../config/reloaded.ts";
import type { Access, Plan } from "../plan.ts";

/** Settings and keys, read again. */
export interface Reread {
  readonly config: Config;
  readonly access: Access;
}

/** The difference between a running server and settings that were read again. */
export interface Changes {
  /** The plan of the server with all changes that a running server can make. */
  readonly plan: Plan;
  /** Names of what changes: keys of the configuration file, and `keys of ISSUER`. */
  readonly changed: readonly string[];
  /** Names of the settings that differ, and take effect at a restart. */
  readonly needRestart: readonly string[];
  /** Warnings that the running server has not logged yet. */
  readonly warnings: readonly string[];
}

/** Compares a running server's plan with settings that were read again. */
export function changesOf(running: Plan, { config, access }: Reread): Changes {
  const differing = [...KEYS, "issuers" as const].filter((key) => !isDeepStrictEqual(running.config[key], config[key]));
  const issuers = issuersThatDiffer(running.access, access).map((issuer) => `keys of ${issuer}`);
  // Without any issuer, the hub has no part that checks tokens.
  const takesKeys = running.access.issuers.length > 0;
  const taken = differing.filter((key) => RELOADED.has(key));
  return {
    plan: {
      ...running,
      config: { ...running.config, ...Object.fromEntries(taken.map((key) => [key, config[key]])) },
      access: { ...running.access, issuers: takesKeys ? access.issuers : [], warnings: access.warnings },
    },
    changed: [...taken, ...(takesKeys ? issuers : [])],
    needRestart: [...differing.filter((key) => !RELOADED.has(key)), ...(takesKeys ? [] : issuers)],
    warnings: access.warnings.filter((warning) => !running.access.warnings.includes(warning)),
  };
}

function issuersThatDiffer(running: Access, next: Access): readonly string[] {
  const keysIn = ({ issuers }: Access, issuer: string): unknown => issuers.find((one) => one.issuer === issuer)?.keys;
  const names = new Set([...running.issuers, ...next.issuers].map(({ issuer }) => issuer));
  return [...names].filter((issuer) => !isDeepStrictEqual(keysIn(running, issuer), keysIn(next, issuer)));
}
