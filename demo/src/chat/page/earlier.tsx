import type { ComponentChildren } from "preact";
import type { RoomView } from "./room-store.ts";
import { chatTexts } from "./texts.ts";

interface EarlierProps {
  readonly earlier: RoomView["earlier"];
  readonly onEarlier: () => Promise<unknown>;
  /** @param day - The beginning in local time, in milliseconds since 1970. */
  readonly onDay: (day: number) => Promise<void>;
}

/** The top of the list: the way to earlier messages, or the sign that there are none. */
export function Earlier({ earlier, onEarlier, onDay }: EarlierProps): ComponentChildren {
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
      <label>
        {texts.toDay}{" "}
        <input
          type="date"
          class="field"
          data-testid="to-day"
          onChange={({ currentTarget }) => {
            // Local midnight. A date alone would be midnight in UTC.
            const day = new Date(`${currentTarget.value}T00:00`).getTime();
            if (Number.isFinite(day)) void onDay(day);
          }}
        />
      </label>
    </div>
  );
}
