import { CONSOLE_TOPICS, type ConsoleKey, type Plan, type RunOptions, type WorkerLink } from "artesian/command";
import { CHAT_TOPICS, type ChatKey } from "./chat/server/index.ts";
import { NEWS_TOPICS } from "./news/server/index.ts";
import { createDemoSite } from "./site.ts";
import { sourcesOf } from "./sources.ts";
import { STOCKS_TOPICS } from "./stocks/server/index.ts";

/** Keys of the apps' tokens, the same in a worker and in its replacement. */
export interface SiteKeys {
  readonly chat: ChatKey;
  /** Secret of the person who may moderate the chat. */
  readonly chatOwner: string;
  readonly console: ConsoleKey;
}

/**
 * The options of a process that serves the demo.
 *
 * @param link - The link to the primary. Undefined without one.
 */
export function runOptionsOf(plan: Plan, link?: WorkerLink): Omit<RunOptions, "welcome"> {
  const { config } = plan;
  const sources = sourcesOf(config);
  const keys = plan.site as SiteKeys;
  return {
    ...plan,
    link,
    stopsOnHangUp: true,
    // Everyone may publish here, but nobody in the name of an app. Prices may have another
    // publisher.
    reservedTopics: [...CHAT_TOPICS, ...NEWS_TOPICS, ...CONSOLE_TOPICS, ...(sources.quotes === "none" ? [] : STOCKS_TOPICS)],
    createSite: (options) =>
      createDemoSite(options, {
        ...sources,
        config,
        chatKey: keys.chat,
        chatOwner: keys.chatOwner,
        consoleKey: keys.console,
        isReplaced: link !== undefined,
      }),
  };
}
