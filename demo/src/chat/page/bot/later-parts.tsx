import type { ComponentChildren } from "preact";
import type { ChatCard } from "../../server/cards.ts";
import type { ChatMessage, ChatReply } from "../../server/wire.ts";
import { MessageText } from "../message-text.tsx";
import { usePart } from "artesian-ui/use-part.ts";
import type * as botParts from "./parts.ts";

type Parts = typeof botParts;

function useParts(isNeeded: boolean): Parts | undefined {
  return usePart(() => import("./parts.ts"), isNeeded);
}

/** An answer that is drawn as a card. Until the code is there, its text says the same. */
export function LaterCard({ card, at, text }: { card: ChatCard; at: number; text: string }): ComponentChildren {
  const parts = useParts(true);
  return parts === undefined ? <MessageText text={text} /> : <parts.BotCard card={card} at={at} />;
}

export function LaterEnd({ message }: { message: ChatMessage }): ComponentChildren {
  const parts = useParts(message.cut !== undefined);
  return parts && message.cut && <parts.AnswerEnd message={message} />;
}

export function LaterStop({ reply }: { reply: ChatReply }): ComponentChildren {
  const parts = useParts(true);
  return parts && <parts.StopAnswer reply={reply} />;
}
