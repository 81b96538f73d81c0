import type { ComponentChildren } from "preact";
import type { ChatCard } from "../../server/cards.ts";
import { MessageText } from "../message-text.tsx";
import { useLoaded } from "../use-loaded.ts";

/** An answer that is drawn as a card. Until the code for cards is there, its text says the same. */
export function LaterCard({ card, at, text }: { card: ChatCard; at: number; text: string }): ComponentChildren {
  const cards = useLoaded(
    true,
    () => import("./bot-card.tsx"),
    () => undefined,
  );
  return cards === undefined ? <MessageText text={text} /> : <cards.BotCard card={card} at={at} />;
}
