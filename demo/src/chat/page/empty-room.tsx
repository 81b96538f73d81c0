import type { ComponentChildren } from "preact";

const STARTERS = ["What is Artesian?", "How do I publish?", "Tell me a joke"];

interface EmptyRoomProps {
  readonly botName: string | undefined;
  readonly canWrite: boolean;
  readonly onSuggest: (text: string) => void;
}

/** A room without messages. */
export function EmptyRoom({ botName, canWrite, onSuggest }: EmptyRoomProps): ComponentChildren {
  return (
    <div class="empty-room">
      <h2>Nobody has spoken here yet</h2>
      {botName === undefined ? (
        <p>Write the first message. Whoever opens this address sees it at once.</p>
      ) : (
        <>
          <p>
            Write the first message, or start with {botName}, the bot. It answers everything while you are alone here, and <b>@{botName}</b>{" "}
            when you are not.
          </p>
          {canWrite && (
            <p class="starters">
              {STARTERS.map((text) => (
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
