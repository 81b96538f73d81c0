import type { IssuerChoice, KeyChoice } from "./key-choice.ts";
import type { Config, Key } from "./config.ts";
import { HIDDEN, withoutSecrets } from "./hidden.ts";
import { SETTINGS } from "./settings.ts";
import { formatDuration, formatSize } from "./units.ts";
import type { JournalChoice, OpaqueIdsChoice } from "./values.ts";

/** A value as the configuration file may have it, with secrets hidden. Null: the default holds. */
export type Shown = string | number | boolean | null | readonly unknown[];

/** Shows the value of a setting in the form of the configuration file, without secrets. */
export function show(key: Key | "issuers", config: Config): Shown {
  const value = config[key];
  if (value === undefined) return null;
  switch (key) {
    case "data":
      return value as string;
    case "issuers":
      return (value as readonly IssuerChoice[]).map(showIssuer);
    case "jwtKey":
    case "publisherJwtKey":
    case "subscriberJwtKey":
      return showKey(value as KeyChoice);
    case "journal":
      return showJournal(value as JournalChoice);
    case "opaqueIds":
      return showIds(value as OpaqueIdsChoice);
    default:
      return showPlain(value as string | number | boolean | readonly string[], SETTINGS[key].placeholder ?? "");
  }
}

function showPlain(value: string | number | boolean | readonly string[], placeholder: string): Shown {
  if (typeof value === "object") return value.map(withoutSecrets);
  if (typeof value === "string") return withoutSecrets(value);
  if (typeof value === "number" && placeholder.startsWith("<duration")) return formatDuration(value);
  if (typeof value === "number" && placeholder.startsWith("<size")) return formatSize(value);
  return value;
}

function showKey(choice: KeyChoice): string {
  if (choice.kind === "file") return `file:${choice.path}`;
  return choice.kind === "url" ? withoutSecrets(choice.url) : HIDDEN;
}

function showIssuer({ issuer, keys }: IssuerChoice): object {
  return {
    issuer: withoutSecrets(issuer),
    keys: keys.map(({ key, ...rest }) => ({ ...rest, [memberOf(key)]: showKey(key).replace(/^file:/, "") })),
  };
}

function memberOf(choice: KeyChoice): string {
  if (choice.kind === "url") return "jwksUrl";
  if (choice.kind !== "file") return "secret";
  return choice.holds === "pem" ? "publicKeyFile" : choice.holds === "jwks" ? "jwksFile" : "secretFile";
}

function showJournal(choice: JournalChoice): string {
  if ("url" in choice) return withoutSecrets(choice.url);
  return "directory" in choice && choice.directory !== undefined ? `${choice.kind}:${choice.directory}` : choice.kind;
}

function showIds(choice: OpaqueIdsChoice): string {
  return choice.kind === "file" ? `file:${choice.path}` : choice.kind;
}
