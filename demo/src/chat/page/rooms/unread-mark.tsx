import type { ComponentChildren } from "preact";
import { roomsTexts } from "./texts.ts";

/** On the button that opens the list: a dot for unread messages in other rooms. The number is read out. */
export function UnreadMark({ count }: { count: number }): ComponentChildren {
  return (
    <span class="unread-mark" data-testid="unread-elsewhere">
      <span class="visually-hidden">{roomsTexts().elsewhere(count)}</span>
    </span>
  );
}
