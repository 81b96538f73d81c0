import { createContext } from "preact";
import type { ChatMessage, ReplyTo } from "../../server/wire.ts";

/** The messages that may be quoted, and the way to one. */
export interface Quotable {
  readonly messages: readonly ChatMessage[];
  readonly goTo: (message: ReplyTo) => void;
}

export const QuoteContext: ReturnType<typeof createContext<Quotable>> = createContext<Quotable>({ messages: [], goTo: () => undefined });
