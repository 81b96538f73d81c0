import type { ComponentChildren } from "preact";
import type { ChatMessage } from "../../server/wire.ts";
import { chatTexts } from "../texts.ts";
import { toolTexts } from "./texts.ts";

/** Longest part of a quoted text, in UTF-16 units. The style shows one line of it. */
const EXCERPT_LENGTH = 200;

/** The beginning of a message's text. */
export function excerptOf({ text, removed }: ChatMessage): string {
  return removed === true ? chatTexts().moderation.removed : text.slice(0, EXCERPT_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
}

/** The message that the visitor is about to answer. */
export function Replying({ message, onCancel }: { message: ChatMessage; onCancel: () => void }): ComponentChildren {
  const texts = toolTexts();
  return (
    <p class="replying" data-testid="replying">
      <span class="replying-text">
        {texts.replyingTo(message.nickname)}
        <span dir="auto">{excerptOf(message)}</span>
      </span>
      <button type="button" class="text-button" data-testid="cancel-reply" onClick={onCancel}>
        {texts.cancel}
      </button>
    </p>
  );
}
