import type { ComponentChildren } from "preact";
import { consoleTexts } from "./texts.ts";

/** An example of a URL pattern. */
export const EXAMPLE_PATTERN = "/books/:id";

interface LinesProps {
  readonly id: string;
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly disabled?: boolean;
}

/** Several topics or patterns, each in a line. */
export function Lines({ id, label, placeholder, value, onValue, disabled = false }: LinesProps): ComponentChildren {
  return (
    <div class="half">
      <label for={id}>
        {label} <small>{consoleTexts().oneALine}</small>
      </label>
      <textarea
        id={id}
        class="field mono"
        rows={2}
        spellcheck={false}
        autoCapitalize="off"
        placeholder={placeholder}
        value={value}
        disabled={disabled}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </div>
  );
}
