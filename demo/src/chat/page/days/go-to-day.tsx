import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { chatTexts } from "../texts.ts";

/** @param onDay - Takes the day's beginning in local time, in milliseconds since 1970. */
export function GoToDay({ onDay }: { onDay: (day: number) => void }): ComponentChildren {
  const field = useRef<HTMLInputElement>(null);
  const texts = chatTexts().earlier;
  const now = new Date();
  const today = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
  return (
    <form
      class="go-to-day"
      onSubmit={(event) => {
        event.preventDefault();
        // Local midnight. A date alone would be midnight in UTC.
        const day = new Date(`${field.current?.value ?? ""}T00:00`).getTime();
        if (Number.isFinite(day)) onDay(day);
      }}
    >
      <label for="to-day">{texts.toDay}</label>
      <div>
        <input id="to-day" ref={field} type="date" class="field" max={today} required data-testid="to-day" />
        <button type="submit" class="button quiet small" data-testid="go-to-day">
          {texts.go}
        </button>
      </div>
    </form>
  );
}
