import { configOfServer, type Key, type SettingFlags, VERSION, withSettings } from "artesian/command";
import { Command } from "commander";

const EXAMPLES = `
Examples:
  artesian-demo                          open http://127.0.0.1:3000 in a browser
  artesian-demo --port 0                 any free port
  artesian-demo --feed World=https://example.com/world.rss --quotes https://example.com/quotes.json
  artesian-demo --bot webhook:http://127.0.0.1:5005/reply

The demo is for one machine: it only listens on a loopback address. To run a hub for others, use artesian serve.`;

/**
 * Settings that the demo does not have. It is open to this machine, without a balancer, and its
 * bots and rooms are in one process.
 */
const NOT_OF_DEMO: ReadonlySet<Key> = new Set<Key>([
  "adminHost",
  "adminPort",
  "anonymous",
  "anonymousPublish",
  "lameDuck",
  "maxHttp2Streams",
  "tlsCert",
  "tlsKey",
  "tracing",
  "workers",
]);

/** `artesian-demo` runs the hub with the live apps. */
export function demoCommand(): Command {
  const command = new Command("artesian-demo")
    .description("run a hub with live apps: chat, stocks, news and the console")
    .version(VERSION, "--version", "print the version")
    .addHelpText("after", EXAMPLES);
  return withSettings(command, (key) => !NOT_OF_DEMO.has(key)).action(async (flags: SettingFlags) => {
    const { demo } = await import("./demo.ts");
    await demo(await configOfServer(flags));
  });
}
