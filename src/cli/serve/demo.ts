import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { CHAT_TOPICS, chatIssuer, createChat, type ChatKey, parseBot } from "../../../apps/chat/server/index.ts";
import { createPages } from "../../../apps/shared/server/pages.ts";
import { problemReply } from "../../http/problem.ts";
import { chatKeyOf } from "../keys/chat.ts";
import { flagOf, variableOf, type Config } from "../config/settings.ts";
import { UsageError } from "../errors.ts";
import { accessOf } from "./access.ts";
import { resolveHost } from "./address.ts";
import { runServer, type Site, type SiteOptions } from "./run.ts";

type Bot = ReturnType<typeof parseBot>;

/**
 * Runs the hub with the live apps until the process is told to stop.
 *
 * @throws UsageError for a host that others could reach, or a bot that can't be made; Failure when it can't be started.
 */
export async function demo(config: Config): Promise<void> {
  const address = await resolveHost(config.host);
  if (!address.loopback) {
    throw new UsageError(
      `--host: the demo lets everyone publish and chat, so it does not listen on ${config.host}, which others can reach. ` +
        "Leave --host out, or run a hub for others with artesian serve.",
    );
  }
  const bot = botOf(config);
  const access = accessOf(config);
  const chat = chatKeyOf(config);
  await runServer({
    config,
    address,
    // What is private needs a token here too: the chat issues those for its rooms, and keys for others may be there.
    access: {
      issuers: [...access.issuers, chatIssuer(chat.key)],
      anonymous: true,
      anonymousPublish: true,
      warnings: [...access.warnings, ...chat.warnings],
    },
    // Everyone publishes here, but nobody in a room in another's name.
    reservedTopics: CHAT_TOPICS,
    createSite: (options) => createDemoSite(options, { bot, key: chat.key, audience: config.resourceIdentifier }),
    welcome: (url) => [
      `Open ${url}`,
      `Publish with  curl -d topic=greeting -d 'data=Hello, world!' ${url}/events/stream`,
      `Watch with    curl -N ${url}/events/stream`,
    ],
  });
}

function botOf(config: Config): Bot {
  try {
    return parseBot(config.bot, process.env);
  } catch (error) {
    if (error instanceof TypeError)
      throw new UsageError(`${flagOf("bot")} (or ${variableOf("bot")}, or the file): ${error.message.replace(/^bot: /, "")}`, {
        cause: error,
      });
    throw error;
  }
}

interface ChatSettings {
  readonly bot: Bot;
  readonly key: ChatKey;
  readonly audience: string | undefined;
}

function createDemoSite({ hub, log }: SiteOptions, settings: ChatSettings): Site {
  const chat = createChat({ ...settings, hub, logger: log.logger });
  const pages = createPages();
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.all("*", (c) => (chat.handles(c.req.path) ? chat.fetch(c.req.raw, c.env.incoming.socket.remoteAddress) : pages.fetch(c.req.raw)));
  app.onError((error) => {
    const { status, headers, body } = problemReply(error, log.logger);
    return new Response(body, { status, headers });
  });
  // The listener would replace the global Request and Response, which are the hub's too.
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return {
    handle: (req, res) => void listener(req, res),
    close: () => chat.close(),
  };
}
