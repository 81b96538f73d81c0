import { Option, type Command } from "commander";
import { loadConfig } from "./load.ts";
import type { Config, Key } from "./config.ts";
import { flagOf, KEYS, SETTINGS, variableOf } from "./settings.ts";

/** What commander collected: the values of flags by their key. */
export type SettingFlags = Readonly<Partial<Record<Key, unknown>>> & { readonly config?: string };

/** Adds the flags of the settings, and `--config`. */
export function withSettings(command: Command, includes: (key: Key) => boolean): Command {
  for (const key of KEYS) {
    if (!includes(key)) continue;
    const { group, placeholder, help, shown, repeatable } = SETTINGS[key];
    const flag = placeholder === undefined ? flagOf(key) : `${flagOf(key)} ${placeholder}`;
    const option = new Option(flag, `${help} (default: ${shown})`).helpGroup(`${group}:`);
    // Commander takes --no-x for the opposite of a setting x. Here no-x is the setting.
    option.negate = false;
    command.addOption(repeatable === true ? option.argParser(collect) : option);
  }
  const file = new Option("--config <file>", "JSON file of settings (default: artesian.json, if it exists)");
  return command.addOption(file.helpGroup("Other:"));
}

/** Puts the configuration together from the flags and the process's surroundings. */
export function configOf({ config: file, ...flags }: SettingFlags): Config {
  return loadConfig({ flags, env: process.env, file, cwd: process.cwd() });
}

/** Gathers the values of a flag that may be repeated. */
export function collect(value: string, values: readonly string[] | undefined): readonly string[] {
  return [...(values ?? []), value];
}

/** A setting by the names that it may have been given under, for an error about its meaning. */
export function placeOf(key: Key): string {
  return `${flagOf(key)} (or ${variableOf(key)}, or ${key} in the file)`;
}

/** A command line for people to copy, with the flag that says where the data is. */
export function withData(command: string, data: string): string {
  if (data === SETTINGS.data.fallback) return command;
  return `${command} --data ${/^[\w./~@:+-]+$/.test(data) ? data : `'${data.replaceAll("'", String.raw`'\''`)}'`}`;
}
