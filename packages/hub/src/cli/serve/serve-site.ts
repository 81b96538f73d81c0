import { CONSOLE_TOPICS, createConsole } from "../../console/server/index.ts";
import { createConsolePages } from "../../console/server/pages.ts";
import type { Matcher } from "../../index.ts";
import { fetchListener } from "./fetch-listener.ts";
import { createPage, pathOf, shareRefusal } from "./page.ts";
import type { Plan } from "./plan.ts";
import type { Site, SiteOptions } from "./run.ts";

/** Topics that only `serve`'s own parts beside the hub publish. */
export const SERVE_TOPICS: readonly Matcher[] = CONSOLE_TOPICS;

/** The page that describes the server, and the console for administrators. */
export function createServeSite({ hub, log, listenUrl, cors, refuse }: SiteOptions, { config, access }: Plan): Site {
  const { logger } = log;
  const { anonymous, anonymousPublish } = access;
  const page = createPage({ publicUrl: config.publicUrl, listenUrl, path: config.path, anonymous, anonymousPublish, refuse });
  const console = createConsole({ hub, audience: config.resourceIdentifier, logger });
  const pages = createConsolePages();
  const listener = fetchListener(async (request) => {
    const answer = await (console.handles(new URL(request.url).pathname) ? console : pages).fetch(request);
    return shareRefusal(answer, request, cors);
  }, refuse);
  return {
    handle: (req, res) => {
      if (/^\/(?:console(?:\/|$)|assets\/)/.test(pathOf(req))) listener(req, res);
      else page(req, res);
    },
    close: () => console.close(),
  };
}
