import type { ChatMessage, ReactionRequest } from "../../server/wire.ts";

/** Actions of a visitor on a message. */
export interface MessageActions {
  /** Begins an answer to the message. */
  readonly reply: (message: ChatMessage) => void;
  /** @returns Whether the server took the reaction. */
  readonly react: (reaction: ReactionRequest) => Promise<boolean>;
  /** The visitor's own name tag. */
  readonly you: string | undefined;
}
