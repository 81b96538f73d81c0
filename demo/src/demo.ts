import { randomBytes, randomUUID } from "node:crypto";
import { CHAT_TOPICS, chatIssuer, parseBot } from "./chat/server/index.ts";
import { CONSOLE_TOPICS, consoleIssuer } from "artesian/command";
import { NEWS_TOPICS, parseFeed } from "./news/server/index.ts";
import { parseQuotes, STOCKS_TOPICS } from "./stocks/server/index.ts";
import { looksLikePath } from "artesian/command";
import { placeOf } from "artesian/command";
import type { Config, Key } from "artesian/command";
import { UsageError } from "artesian/command";
import { chatKeyOf } from "./chat-key.ts";
import { idsSecretOf } from "artesian/command";
import { accessOf } from "artesian/command";
import { resolveHost } from "artesian/command";
import { createDemoSite } from "./site.ts";
import { runServer } from "artesian/command";

/**
 * Runs the hub with the live apps until the process is told to stop.
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
  const bot = read("bot", () => parseBot(config.bot, process.env));
  const quotes = read("quotes", () => parseQuotes(config.quotes));
  const feeds = config.feed.map((feed) => read("feed", () => parseFeed(feed)));
  const access = accessOf(config);
  const chat = chatKeyOf(config);
  const ids = idsSecretOf(config);
  // Of this run alone, and never sent in an address.
  const chatOwner = randomBytes(16).toString("base64url");
  const consoleKey = { issuer: `urn:uuid:${randomUUID()}`, secret: randomBytes(32) };
  await runServer({
    // One process on one machine, from which no balancer redirects clients.
    config: { ...config, lameDuck: 0 },
    address,
    // Private updates need a token here too. The chat and the console issue tokens for their pages,
    // and keys for others may exist.
    access: {
      issuers: [...access.issuers, chatIssuer(chat.key), consoleIssuer(consoleKey)],
      anonymous: true,
      anonymousPublish: true,
      warnings: [...access.warnings, ...chat.warnings, ...ids.warnings],
    },
    idsSecret: ids.secret,
    stopsOnHangUp: true,
    // Everyone may publish here, but nobody in the name of an app. Prices may have another
    // publisher.
    reservedTopics: [...CHAT_TOPICS, ...NEWS_TOPICS, ...CONSOLE_TOPICS, ...(quotes === "none" ? [] : STOCKS_TOPICS)],
    createSite: (options) => createDemoSite(options, { config, bot, quotes, feeds, chatKey: chat.key, chatOwner, consoleKey }),
    welcome: (url) => [
      `Open ${url}`,
      `Publish with  curl -d topic=greeting -d 'data=Hello, world!' ${url}/events/stream`,
      `Watch with    curl -N '${url}/events/stream?match=greeting'`,
      `Moderate the chat at  ${url}/chat/lobby#owner=${chatOwner}`,
    ],
  });
}

/** Parses a setting in an app. Errors name the place of the setting. */
function read<T>(key: Key, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${placeOf(key)}: ${error.message.replace(new RegExp(`^${key}: `), "")}`, { cause: error });
  }
}
