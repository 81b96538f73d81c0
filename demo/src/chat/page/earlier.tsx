import type { ComponentChildren } from "preact";
import type { RoomView } from "./room-store.ts";
import { chatTexts } from "./texts.ts";

interface EarlierProps {
  readonly earlier: RoomView["earlier"];
  readonly onEarlier: () => Promise<unknown>;
}

/** The top of the list: the way to earlier messages, or the sign that there are none. */
export function Earlier({ earlier, onEarlier }: EarlierProps): ComponentChildren {
  const texts = chatTexts().earlier;
  if (earlier === "none") return <p class="earlier">{texts.beginning}</p>;
  return (
    <div class="earlier">
      {earlier === "failed" && <span role="alert">{texts.failed}</span>}
      <button
        type="button"
        class="button quiet small"
        data-testid="earlier"
        disabled={earlier === "fetching"}
        onClick={() => void onEarlier()}
      >
        {earlier === "fetching" ? texts.fetching : texts.fetch}
      </button>
    </div>
  );
}
