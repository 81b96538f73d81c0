import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { createChat, type ChatKey } from "./chat/server/index.ts";
import { createConsole, type ConsoleKey, fetchListener } from "artesian/command";
import { createLanding } from "./landing/server/index.ts";
import { createNews } from "./news/server/index.ts";
import { createDemoPages } from "./pages.ts";
import type { Sources } from "./sources.ts";
import { createStocks } from "./stocks/server/index.ts";
import { fileMemory, volatileMemory } from "artesian-sources";
import type { Config } from "artesian/command";
import { shareRefusal } from "artesian/command";
import type { Site, SiteOptions } from "artesian/command";

/** The inputs of the live apps, beside the hub. */
export interface DemoApps extends Sources {
  readonly config: Config;
  readonly chatKey: ChatKey;
  /** Secret of the one who may moderate the chat. */
  readonly chatOwner: string;
  readonly consoleKey: ConsoleKey;
  /** Whether a supervisor replaces this process at the end. */
  readonly isReplaced: boolean;
}

/** One of the live apps. */
interface App {
  handles(pathname: string): boolean;
  fetch(request: Request, address: string | undefined): Promise<Response>;
  close(): void | Promise<void>;
}

/** The live apps and their pages, on one hub. */
export function createDemoSite({ hub, log, listenUrl, cors, refuse, clientOf }: SiteOptions, apps: DemoApps): Site {
  const { config, bot, chatKey, chatOwner, consoleKey, feeds, quotes, isReplaced } = apps;
  const { logger } = log;
  const audience = config.resourceIdentifier;
  const isInMemory = config.journal.kind === "memory";
  const news = createNews({
    hub,
    feeds,
    sample: feeds.length === 0 ? listenUrl : undefined,
    // As durable as the headlines' journal.
    memory: isInMemory ? volatileMemory() : fileMemory(join(config.data, "news.json")),
    logger,
    allowAddress: config.privateFeeds ? () => true : undefined,
  });
  const running: readonly App[] = [
    createLanding({ cannotKill: isInMemory ? "memory" : isReplaced ? undefined : "single", publicUrl: config.publicUrl, logger }),
    createChat({
      hub,
      bot,
      key: chatKey,
      ownerSecret: chatOwner,
      // The hub still holds headlines of feeds that were removed.
      mayTell: (topic) => !topic.startsWith("/news/") || news.follows(topic),
      audience,
      logger,
      limits: { botFirstMs: config.botFirstToken, botNextMs: config.botNextToken, botMs: config.botAnswer },
    }),
    createStocks({
      hub,
      source: quotes,
      // As durable as the prices' journal.
      historyFile: isInMemory ? undefined : join(config.data, "stocks-history.gz"),
      logger,
    }),
    news,
    createConsole({ hub, open: true, key: consoleKey, audience, logger }),
  ];
  const pages = createDemoPages();
  const listener = fetchListener(async (request, incoming) => {
    const { pathname } = new URL(request.url);
    const app = running.find((one) => one.handles(pathname));
    const answer = app === undefined ? pages.fetch(request) : app.fetch(request, clientOf(incoming));
    return shareRefusal(await answer, request, cors);
  }, refuse);
  return {
    handle: (req: IncomingMessage, res: ServerResponse) => listener(req, res),
    close: async () => {
      await Promise.all(running.map(async (app) => app.close()));
    },
  };
}
