import type { Config } from "../config/settings.ts";
import { UsageError } from "../errors.ts";
import { resolveHost } from "./address.ts";
import { createPage } from "./page.ts";
import { runServer } from "./run.ts";

/**
 * Runs the hub with its page until the process is told to stop.
 *
 * @throws UsageError when everyone could publish and nobody has agreed to that; Failure when it can't be started.
 */
export async function serve(config: Config): Promise<void> {
  const address = await resolveHost(config.host);
  if (!address.loopback && !config.anonymousPublish) {
    throw new UsageError(
      `--host: ${config.host} can be reached from other machines, and publishing cannot be protected by tokens yet, so everyone there ` +
        "could publish. Listen on 127.0.0.1, behind a proxy that decides who may publish, or accept it with --anonymous-publish.",
    );
  }
  await runServer({
    config,
    address,
    createSite: ({ listenUrl, log }) => ({
      handle: createPage({ publicUrl: config.publicUrl, listenUrl, path: config.path, logger: log.logger }),
      close: () => undefined,
    }),
    welcome: (url) => [
      `Artesian runs at ${url}`,
      `Publish with  curl -d topic=greeting -d 'data=Hello, world!' ${url}/events/stream`,
      `Watch with    curl -N ${url}/events/stream`,
    ],
  });
}
