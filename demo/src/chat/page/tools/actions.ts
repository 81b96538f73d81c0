import type { ChatMessage } from "../../server/wire.ts";

/** Actions of a visitor on a message. */
export interface MessageActions {
  /** Begins an answer to the message. */
  readonly reply: (message: ChatMessage) => void;
}
