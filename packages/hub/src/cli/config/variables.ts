import { closest } from "../../core/names.ts";
import { KEYS, variableOf } from "./settings.ts";

/** Variables other than settings. */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ["config", "ARTESIAN_CONFIG"],
  ["url", "ARTESIAN_URL"],
  ["token", "ARTESIAN_TOKEN"],
  ["botKey", "ARTESIAN_BOT_KEY"],
]);

/** Variables that Kubernetes and Docker set for a service whose name begins with `artesian`. */
const OF_SERVICE = /_SERVICE_(?:HOST|PORT)|_PORT_\d+_(?:TCP|UDP|SCTP)|_(?:ENV|NAME)$/;
const URL_OF_SERVICE = /^(?:tcp|udp|sctp):\/\//;

/** A variable that has no effect. */
export interface UnknownVariable {
  readonly variable: string;
  readonly text: string;
}

/**
 * Finds variables that look like settings and are none. A misspelt name would leave the default in
 * force silently.
 */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): readonly UnknownVariable[] {
  const variables = new Map<string, string>([...KEYS.map((key) => [key, variableOf(key)] as const), ...OTHERS]);
  const known = new Set(variables.values());
  const unknown = Object.entries(env).filter(
    ([name, value = ""]) => /^artesian_/i.test(name) && !known.has(name) && !OF_SERVICE.test(name) && !URL_OF_SERVICE.test(value),
  );
  return unknown.map(([variable]) => {
    const meant = variables.get(closest(variable.slice("ARTESIAN_".length), [...variables.keys()]) ?? "");
    const remedy = meant === undefined ? "docs/reference/configuration.md lists the variables." : `Write ${meant}.`;
    return { variable, text: `There is no variable ${variable}, so it has no effect. ${remedy}` };
  });
}
