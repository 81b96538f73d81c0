import { Command } from "commander";
import { OF_DEMO } from "../config/demo-settings.ts";
import { configOf, configReader, type SettingFlags, withSettings } from "../config/flags.ts";
import type { Config } from "../config/config.ts";
import { SETTINGS } from "../config/settings.ts";
import { unknownVariables } from "../config/variables.ts";

const SERVE_EXAMPLES = `
Examples:
  artesian keys create                             first, the key that tokens are signed with, kept in ./data/keys.json
  artesian serve                                   on http://127.0.0.1:3000, updates kept in ./data
  artesian serve --workers auto                    a process for each processor
  artesian serve --anonymous                       what is not private may be read without a token
  artesian serve --host 0.0.0.0 --public-url https://events.example.com --issuer https://example.com --jwt-key file:key.pem --jwt-alg ES256
  artesian serve --anonymous --anonymous-publish   no token at all, for closed networks

Publish to it:    export TOKEN=$(artesian token mint --publish '*' --subscribe '*')
                  curl -H "Authorization: Bearer $TOKEN" -d topic=greeting -d 'data=Hello, world!' http://127.0.0.1:3000/events/stream
Subscribe to it:  curl -N -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3000/events/stream

A setting is taken from its flag (--max-body-bytes 2MiB), else its variable (ARTESIAN_MAX_BODY_BYTES=2MiB), else the file
({"maxBodyBytes": "2MiB"}). Durations: 500ms, 10s, 5m, 2h, 7d; sizes: 64KiB, 1MiB, 10GB; plain numbers are milliseconds and bytes.
A secret in a flag can be seen by other users of the machine: put it in a file (--jwt-key file:PATH) or a variable.`;

/** Settings of the demo's apps alone. */
/** `artesian serve` runs the hub and a page that describes the server. */
export function serveCommand(): Command {
  const command = new Command("serve").description("run the hub").addHelpText("after", SERVE_EXAMPLES);
  return withSettings(command, (key) => !OF_DEMO.has(key)).action(async (flags: SettingFlags) => {
    // A server needs slow imports, which the other commands must not pay for on each run.
    const { serve } = await import("./serve.ts");
    const read = configReader(flags);
    await serve(await configOfServer(flags, read), read);
  });
}

/**
 * Reads the configuration of a server. Variables without effect are logged first, because they may
 * explain why a server does not start.
 *
 * @param read - Reads the configuration.
 */
export async function configOfServer(flags: SettingFlags, read: () => Config = () => configOf(flags)): Promise<Config> {
  let level: Config["logLevel"] = SETTINGS.logLevel.fallback;
  try {
    const config = read();
    level = config.logLevel;
    return config;
  } finally {
    await logVariables(level);
  }
}

async function logVariables(level: Config["logLevel"]): Promise<void> {
  const unknown = unknownVariables(process.env);
  if (unknown.length === 0) return;
  const { openLog } = await import("./log.ts");
  const log = openLog(level);
  for (const { variable, text } of unknown) log.logger.warn({ variable }, text);
  await log.close();
}
