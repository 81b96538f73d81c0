import { withData } from "../config/flags.ts";
import type { Config } from "../config/config.ts";
import { UsageError } from "../errors.ts";

/** The error for settings without any key. */
export function noKey(config: Config): UsageError {
  return new UsageError(
    `There is no key: the data directory has none, and none is configured. Make one:  ${withData("artesian keys create", config.data)}`,
  );
}
