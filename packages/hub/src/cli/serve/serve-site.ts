import { getRequestListener } from "@hono/node-server";
import { CONSOLE_TOPICS, createConsole } from "../../../apps/console/server/index.ts";
import { createPages } from "../../../apps/shared/server/pages.ts";
import { problemReply } from "../../http/reply/problem.ts";
import type { Matcher } from "../../index.ts";
import { createPage, pathOf, shareRefusal } from "./page.ts";
import type { Plan } from "./plan.ts";
import type { Site, SiteOptions } from "./run.ts";

/** Topics that only what `serve` runs beside the hub publishes. */
export const SERVE_TOPICS: readonly Matcher[] = CONSOLE_TOPICS;

/** The page that says what runs here, and the console for administrators. */
export function createServeSite({ hub, log, listenUrl, cors, refuse }: SiteOptions, { config, access }: Plan): Site {
  const { logger } = log;
  const { anonymous, anonymousPublish } = access;
  const page = createPage({ publicUrl: config.publicUrl, listenUrl, path: config.path, anonymous, anonymousPublish, refuse });
  const console = createConsole({ hub, audience: config.resourceIdentifier, logger });
  const pages = createPages();
  const listener = getRequestListener(
    async (request) => {
      try {
        const answer = await (console.handles(new URL(request.url).pathname) ? console : pages).fetch(request);
        return shareRefusal(answer, request, cors);
      } catch (error) {
        const { status, headers, body } = problemReply(error, logger);
        return shareRefusal(new Response(body, { status, headers }), request, cors);
      }
    },
    // The listener would replace the global Request and Response, which are the hub's too.
    { overrideGlobalObjects: false },
  );
  return {
    handle: (req, res) => {
      // Of the pages only this one: the apps are the demo's.
      if (/^\/(?:console(?:\/|$)|assets\/)/.test(pathOf(req))) void listener(req, res);
      else page(req, res);
    },
    close: () => console.close(),
  };
}
