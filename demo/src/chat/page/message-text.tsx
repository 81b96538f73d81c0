import type { ComponentChildren } from "preact";
import { RichText } from "./rich-text.tsx";

/** The text in a message's bubble. */
export function MessageText({ text }: { text: string }): ComponentChildren {
  return (
    <div data-testid="message-text" dir="auto">
      <RichText text={text} />
    </div>
  );
}
