import type { ComponentChildren } from "preact";
import type { ChatMessage } from "../../server/wire.ts";
import type { MessageActions } from "./actions.ts";
import { toolTexts } from "./texts.ts";

interface MessageToolsProps {
  readonly message: ChatMessage;
  readonly actions: MessageActions;
  readonly onClose: () => void;
}

/** The actions on a message, below its text. */
export function MessageTools({ message, actions, onClose }: MessageToolsProps): ComponentChildren {
  return (
    <div class="tools" role="group" data-testid="tools">
      <button
        type="button"
        class="text-button bubble-tool"
        data-testid="answer"
        onClick={() => {
          onClose();
          actions.reply(message);
        }}
      >
        {toolTexts().reply}
      </button>
    </div>
  );
}
