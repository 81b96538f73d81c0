import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { createChat, type ChatKey, type parseBot } from "../../../apps/chat/server/index.ts";
import { createConsole, type ConsoleKey } from "../../../apps/console/server/index.ts";
import { createNews, type NewsFeed } from "../../../apps/news/server/index.ts";
import { createPages } from "../../../apps/shared/server/pages.ts";
import { createStocks, type parseQuotes } from "../../../apps/stocks/server/index.ts";
import { problemReply } from "../../http/reply/problem.ts";
import { fileMemory, volatileMemory } from "../../sources/index.ts";
import type { Config } from "../config/config.ts";
import { shareRefusal } from "./page.ts";
import type { Site, SiteOptions } from "./run.ts";

/** What the live apps are made of, beside the hub. */
export interface DemoApps {
  readonly config: Config;
  readonly bot: ReturnType<typeof parseBot>;
  readonly chatKey: ChatKey;
  readonly consoleKey: ConsoleKey;
  /** Empty: the sample feeds, which are invented. */
  readonly feeds: readonly NewsFeed[];
  readonly quotes: ReturnType<typeof parseQuotes>;
}

/** One of the live apps. */
interface App {
  handles(pathname: string): boolean;
  fetch(request: Request, address: string | undefined): Promise<Response>;
  close(): void | Promise<void>;
}

/** The live apps and their pages, on one hub. */
export function createDemoSite({ hub, log, listenUrl, cors, clientOf }: SiteOptions, apps: DemoApps): Site {
  const { config, bot, chatKey, consoleKey, feeds, quotes } = apps;
  const { logger } = log;
  const audience = config.resourceIdentifier;
  const running: readonly App[] = [
    createChat({
      hub,
      bot,
      key: chatKey,
      audience,
      logger,
      limits: { botFirstMs: config.botFirstToken, botNextMs: config.botNextToken, botMs: config.botAnswer },
    }),
    createStocks({ hub, source: quotes, logger }),
    createNews({
      hub,
      feeds,
      sample: feeds.length === 0 ? listenUrl : undefined,
      // As durable as the journal that the headlines are in.
      memory: config.journal.kind === "memory" ? volatileMemory() : fileMemory(join(config.data, "news.json")),
      logger,
    }),
    createConsole({ hub, open: true, key: consoleKey, audience, logger }),
  ];
  const pages = createPages();
  const router = new Hono<{ Bindings: HttpBindings }>();
  router.all("*", async (c) => {
    const app = running.find((one) => one.handles(c.req.path));
    const answer = app === undefined ? pages.fetch(c.req.raw) : app.fetch(c.req.raw, clientOf(c.env.incoming));
    return shareRefusal(await answer, c.req.raw, cors);
  });
  router.onError((error, c) => {
    const { status, headers, body } = problemReply(error, logger);
    return shareRefusal(new Response(body, { status, headers }), c.req.raw, cors);
  });
  // The listener would replace the global Request and Response, which are the hub's too.
  const listener = getRequestListener(router.fetch, { overrideGlobalObjects: false });
  return {
    handle: (req: IncomingMessage, res: ServerResponse) => void listener(req, res),
    close: async () => {
      await Promise.all(running.map(async (app) => app.close()));
    },
  };
}
