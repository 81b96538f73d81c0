import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import type { ReplyTo } from "../../server/wire.ts";
import { QuoteContext } from "./quote-context.ts";
import { excerptOf } from "./replying.tsx";
import { toolTexts } from "./texts.ts";

/** The message that is answered, with the way to it. The page may no longer hold it. */
export function Quote({ replyTo }: { replyTo: ReplyTo }): ComponentChildren {
  const { messages, goTo } = useContext(QuoteContext);
  const quoted = messages.find(({ id }) => id === replyTo.id);
  return (
    <button type="button" class="quote" data-testid="quote" title={toolTexts().goTo} onClick={() => goTo(replyTo)}>
      {quoted === undefined ? (
        toolTexts().earlier
      ) : (
        <>
          <b>{quoted.nickname}</b> <span dir="auto">{excerptOf(quoted)}</span>
        </>
      )}
    </button>
  );
}
