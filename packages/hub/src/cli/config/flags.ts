import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { DEFAULT_FILE, loadConfig, type Sources } from "./load.ts";
import type { Config, Key } from "./config.ts";
import { defaultOf, flagOf, KEYS, SETTINGS, variableOf } from "./settings.ts";

/** Commander's flag values by their key. */
export type SettingFlags = Readonly<Partial<Record<Key, unknown>>> & { readonly config?: string };

/** Adds the flags of the settings, and `--config`. */
export function withSettings(command: Command, includes: (key: Key) => boolean): Command {
  for (const key of KEYS) {
    if (!includes(key)) continue;
    const { group, placeholder, help, repeatable } = SETTINGS[key];
    const flag = placeholder === undefined ? flagOf(key) : `${flagOf(key)} ${placeholder}`;
    const option = new Option(flag, `${help} (default: ${defaultOf(key)})`).helpGroup(`${group}:`);
    // Commander reads `--no-x` as the opposite of a setting `x`. Here `no-x` is the setting.
    option.negate = false;
    command.addOption(repeatable === true ? option.argParser(collect) : option);
  }
  const file = new Option("--config <file>", "JSON file of settings (default: artesian.json, if it exists)");
  return command.addOption(file.helpGroup("Other:"));
}

/** Loads the configuration from the flags and the process's environment and directory. */
export function configOf(flags: SettingFlags): Config {
  return loadConfig(sourcesOf(flags));
}

/** The sources of a command's settings: its flags, and the process's environment and directory. */
export function sourcesOf({ config: file, ...flags }: SettingFlags): Sources {
  return { flags, env: process.env, file, cwd: process.cwd() };
}

/**
 * Reads the configuration each time that it is called. A file that was read once must be there the
 * next time too, because a file that is being replaced may be missing for a moment.
 *
 * @param flags - The flags, which stay the same.
 */
export function configReader(flags: SettingFlags): () => Config {
  const sources = sourcesOf(flags);
  let mustExist = false;
  return () => {
    const isThere = existsSync(resolve(sources.cwd, DEFAULT_FILE));
    const config = loadConfig({ ...sources, mustExist });
    mustExist ||= isThere;
    return config;
  };
}

/** Gathers the values of a repeatable flag. */
export function collect(value: string, values: readonly string[] | undefined): readonly string[] {
  return [...(values ?? []), value];
}

/** Names a setting by its flag, variable and key, for an error about its meaning. */
export function placeOf(key: Key): string {
  return `${flagOf(key)} (or ${variableOf(key)}, or ${key} in the file)`;
}

/** A command line for people to copy, with the `--data` flag if needed. */
export function withData(command: string, data: string): string {
  if (data === SETTINGS.data.fallback) return command;
  return `${command} --data ${/^[\w./~@:+-]+$/.test(data) ? data : `'${data.replaceAll("'", String.raw`'\''`)}'`}`;
}
