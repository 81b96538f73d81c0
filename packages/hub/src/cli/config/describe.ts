import { jsonSchemaOf } from "./json-schema.ts";
import { RELOADED } from "./reloaded.ts";
import type { Key, Setting } from "./config.ts";
import { defaultOf, flagOf, KEYS, SETTINGS, variableOf } from "./settings.ts";
import { formatCount, formatDuration, formatSize } from "./units.ts";

/** A setting in words, for the page of settings and the JSON Schema. */
export interface SettingRow {
  readonly key: Key;
  readonly group: Setting<unknown>["group"];
  readonly flag: string;
  readonly placeholder: string | undefined;
  readonly variable: string;
  readonly shownDefault: string;
  /** Such as `1s to 1h`. Undefined for a setting that is no number. */
  readonly range: string | undefined;
  /** Whether a running server takes a change over at SIGHUP. */
  readonly isReloaded: boolean;
  readonly help: string;
}

/** Describes all settings, in the order of the table. */
export function settingRows(): readonly SettingRow[] {
  return KEYS.map((key) => {
    const { group, placeholder, help } = SETTINGS[key];
    return {
      key,
      group,
      flag: flagOf(key),
      placeholder,
      variable: variableOf(key),
      shownDefault: defaultOf(key),
      range: rangeOf(key),
      isReloaded: RELOADED.has(key),
      help,
    };
  });
}

function rangeOf(key: Key): string | undefined {
  const { schema, placeholder = "" } = SETTINGS[key];
  const found = /"minimum":(\d+),"maximum":(\d+)/.exec(JSON.stringify(jsonSchemaOf(schema)));
  if (found === null) return undefined;
  const format = placeholder.startsWith("<duration") ? formatDuration : placeholder.startsWith("<size") ? formatSize : formatCount;
  return `${format(Number(found[1]))} to ${format(Number(found[2]))}`;
}
