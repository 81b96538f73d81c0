import { createContext } from "preact";
import type { BotRequest } from "../../server/wire.ts";

/** Actions for the parts of the bot's messages, without a path of properties through the list. */
export interface BotActions {
  /** The visitor's own name tag. Only the visitor who asked may stop an answer or ask again. */
  readonly you: string | undefined;
  /** @returns Whether the server took the request. */
  readonly request: (request: BotRequest) => Promise<boolean>;
  /** Follows a public topic. @returns Ends the subscription. */
  readonly follow: (topic: string, listener: (type: string, data: string) => void) => () => void;
}

export const BotContext: ReturnType<typeof createContext<BotActions>> = createContext<BotActions>({
  you: undefined,
  request: () => Promise.resolve(false),
  follow: () => () => undefined,
});
