import type { ComponentChildren } from "preact";
import { chatTexts } from "./texts.ts";

interface EmptyRoomProps {
  readonly botName: string | undefined;
  readonly canWrite: boolean;
  readonly onSuggest: (text: string) => void;
}

/** A room without messages. */
export function EmptyRoom({ botName, canWrite, onSuggest }: EmptyRoomProps): ComponentChildren {
  const texts = chatTexts().empty;
  return (
    <div class="empty-room">
      <h2>{texts.heading}</h2>
      {botName === undefined ? (
        <p>{texts.alone}</p>
      ) : (
        <>
          <p>{texts.withBot(botName)}</p>
          {canWrite && (
            <p class="starters">
              {Object.values(texts.starters).map((text) => (
                <button key={text} type="button" class="button quiet small" onClick={() => onSuggest(`@${botName} ${text}`)}>
                  {text}
                </button>
              ))}
            </p>
          )}
        </>
      )}
    </div>
  );
}
