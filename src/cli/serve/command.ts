import { Command, Option } from "commander";
import { loadConfig } from "../config/load.ts";
import { flagOf, KEYS, SETTINGS, type Config, type Key } from "../config/settings.ts";

const SERVE_EXAMPLES = `
Examples:
  artesian serve                                   on http://127.0.0.1:3000, updates kept in ./data
  artesian serve --port 0 --journal memory         any free port, nothing kept on disk
  artesian serve --config hub.json --log-level warn
  artesian serve --host 0.0.0.0 --anonymous-publish --public-url https://events.example.com

Publish to it:    curl -d topic=greeting -d 'data=Hello, world!' http://127.0.0.1:3000/events/stream
Subscribe to it:  curl -N http://127.0.0.1:3000/events/stream

A setting is taken from its flag (--max-body 2MiB), else its variable (ARTESIAN_MAX_BODY=2MiB), else the file
({"maxBody": "2MiB"}). Durations: 500ms, 10s, 5m, 2h, 7d; sizes: 64KiB, 1MiB, 10GB; plain numbers are milliseconds and bytes.`;

const DEMO_EXAMPLES = `
Examples:
  artesian demo                          open http://127.0.0.1:3000 in a browser
  artesian demo --port 0                 any free port
  artesian demo --bot webhook:http://127.0.0.1:5005/reply

The demo is for one machine: it only listens on a loopback address. To run a hub for others, use artesian serve.`;

/** `artesian serve`: the hub, and a page that says what runs here. */
export function serveCommand(): Command {
  const command = new Command("serve").description("run the hub").addHelpText("after", SERVE_EXAMPLES);
  return withSettings(command, (key) => key !== "bot").action(async (flags: Flags) => {
    // What a server needs takes a while to load, which the other commands would pay for on each run.
    const { serve } = await import("./serve.ts");
    await serve(configOf(flags));
  });
}

/** `artesian demo`: the hub with the live apps. */
export function demoCommand(): Command {
  const command = new Command("demo")
    .description("run the hub with the landing page and the chat room")
    .addHelpText("after", DEMO_EXAMPLES);
  return withSettings(command, (key) => key !== "anonymousPublish").action(async (flags: Flags) => {
    const { demo } = await import("./demo.ts");
    await demo(configOf(flags));
  });
}

/** What commander collected: the values of flags by their key. */
type Flags = Readonly<Partial<Record<Key, unknown>>> & { readonly config?: string };

/** Adds the flags of the settings, and `--config`. */
function withSettings(command: Command, includes: (key: Key) => boolean): Command {
  for (const key of KEYS) {
    if (!includes(key)) continue;
    const { group, placeholder, help, shown } = SETTINGS[key];
    const flag = placeholder === undefined ? flagOf(key) : `${flagOf(key)} ${placeholder}`;
    command.addOption(new Option(flag, `${help} (default: ${shown})`).helpGroup(`${group}:`));
  }
  const file = new Option("--config <file>", "JSON file of settings (default: artesian.json, if it exists)");
  return command.addOption(file.helpGroup("Other:"));
}

/** Puts the configuration together from the flags and the process's surroundings. */
function configOf({ config: file, ...flags }: Flags): Config {
  return loadConfig({ flags, env: process.env, file, cwd: process.cwd() });
}
