import { randomBytes, randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import {
  accessOf,
  type Config,
  consoleIssuer,
  idsSecretOf,
  looksLikePath,
  type Plan,
  resolveHost,
  runServer,
  runWorkers,
  UsageError,
} from "artesian/command";
import { chatIssuer } from "./chat/server/index.ts";
import { chatKeyOf } from "./chat-key.ts";
import { ownerLink, writeOwnerLink } from "./owner-link.ts";
import { runOptionsOf, type SiteKeys } from "./run-options.ts";
import { sourcesOf } from "./sources.ts";

/** The program of the demo's worker. */
const WORKER = fileURLToPath(new URL("./worker.js", import.meta.url));

/**
 * Runs the hub with the live apps until the process is told to stop. A journal that outlives its
 * process is served by a worker, which is replaced when it ends. See
 * docs/decisions/demo-worker.md.
 *
 * @throws UsageError for a host that others could reach, or an invalid bot, feed or price source.
 * @throws Failure when the server can't be started.
 */
export async function demo(config: Config): Promise<void> {
  const address = await resolveHost(config.host);
  if (!address.loopback) {
    throw new UsageError(
      `--host: the demo lets everyone publish and chat, so it does not listen on ${config.host}, which others can reach. ` +
        "Leave --host out, or run a hub for others with artesian serve.",
    );
  }
  const botKey = process.env.ARTESIAN_BOT_KEY ?? "";
  if (looksLikePath(botKey) || /^file:/i.test(botKey)) {
    throw new UsageError('ARTESIAN_BOT_KEY: this is the path of a file, and must be the key that it holds, such as "$(cat FILE)".');
  }
  // Read again by the worker. Here a mistake is told before anything starts.
  sourcesOf(config);
  const access = accessOf(config);
  const chat = chatKeyOf(config);
  const ids = idsSecretOf(config);
  // The pages of a killed worker go on with its replacement.
  const keys: SiteKeys = {
    chat: chat.key,
    // Of this run alone, and never sent in an address.
    chatOwner: randomBytes(16).toString("base64url"),
    console: { issuer: `urn:uuid:${randomUUID()}`, secret: randomBytes(32) },
  };
  const welcome = welcomeOf(keys);
  const plan: Plan = {
    // One process on one machine, from which no balancer redirects clients.
    config: { ...config, lameDuck: 0, adminPort: undefined, tlsCert: undefined, tlsKey: undefined },
    address,
    // Private updates need a token here too. The chat and the console issue tokens for their pages,
    // and keys for others may exist.
    access: {
      issuers: [...access.issuers, chatIssuer(keys.chat), consoleIssuer(keys.console)],
      anonymous: true,
      anonymousPublish: true,
      warnings: [...access.warnings, ...chat.warnings, ...ids.warnings],
    },
    idsSecret: ids.secret,
    site: keys,
  };
  if (config.journal.kind === "memory") await runServer({ ...runOptionsOf(plan), welcome });
  else {
    const onListening = (url: string): string => writeOwnerLink(config.data, ownerLink(url, keys.chatOwner));
    await runWorkers(plan, { count: 1, program: WORKER, welcome, onListening, stopsOnHangUp: true });
  }
}

function welcomeOf({ chatOwner }: SiteKeys): (url: string) => readonly string[] {
  return (url) => [
    `Open ${url}`,
    `Publish with  curl -d topic=greeting -d 'data=Hello, world!' ${url}/events/stream`,
    `Watch with    curl -N '${url}/events/stream?match=greeting'`,
    `Moderate the chat at  ${ownerLink(url, chatOwner)}`,
  ];
}
