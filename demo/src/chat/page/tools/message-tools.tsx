import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type ChatMessage, REACTIONS } from "../../server/wire.ts";
import type { MessageActions } from "./actions.ts";
import { toolTexts } from "./texts.ts";

interface MessageToolsProps {
  readonly message: ChatMessage;
  /** Undefined for a reader without a nickname. */
  readonly actions: MessageActions | undefined;
  /** Whether all actions are shown. Otherwise only the reactions that were given. */
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** The reactions to a message and the other actions on it, below its text. */
export function MessageTools({ message, actions, isOpen, onClose }: MessageToolsProps): ComponentChildren {
  const [isRefused, setRefused] = useState(false);
  const texts = toolTexts();
  const { id, reactions } = message;
  const shown = REACTIONS.map((emoji) => {
    const visitors = reactions?.[emoji] ?? [];
    return { emoji, count: visitors.length, isOwn: actions?.you !== undefined && visitors.includes(actions.you) };
  }).filter(({ count }) => isOpen || count > 0);
  if (shown.length === 0) return undefined;

  async function react(emoji: string, on: boolean): Promise<void> {
    setRefused((await actions?.react({ id, emoji, on })) === false);
    onClose();
  }

  return (
    <div class="tools" role="group" data-testid="tools">
      {shown.map(({ emoji, count, isOwn }) => (
        <button
          key={emoji}
          type="button"
          class="reaction"
          data-testid="reaction"
          data-emoji={emoji}
          aria-pressed={isOwn}
          disabled={actions === undefined}
          onClick={() => void react(emoji, !isOwn)}
        >
          {emoji}
          {count > 0 && ` ${count}`}
        </button>
      ))}
      {isOpen && actions !== undefined && (
        <button
          type="button"
          class="text-button bubble-tool"
          data-testid="answer"
          onClick={() => {
            onClose();
            actions.reply(message);
          }}
        >
          {texts.reply}
        </button>
      )}
      {isRefused && <span role="alert">{texts.notTaken}</span>}
    </div>
  );
}
