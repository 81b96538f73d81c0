import type { ComponentChildren } from "preact";
import { consoleTexts } from "./texts.ts";

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly half?: boolean;
  readonly disabled?: boolean;
}

/** A line of text that is sent to the hub unchanged. */
export function Field({ id, label, value, onValue, half = false, ...rest }: FieldProps): ComponentChildren {
  return (
    <div class={half ? "half" : "wide"}>
      <label for={id}>{label}</label>
      <input
        id={id}
        class="field mono"
        type="text"
        autoComplete="off"
        autoCapitalize="off"
        spellcheck={false}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
        {...rest}
      />
    </div>
  );
}

interface NumberProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  /** Default: milliseconds. */
  readonly unit?: string;
  readonly placeholder?: string;
  readonly disabled?: boolean;
}

/** A whole number, or nothing. */
export function NumberField({
  id,
  label,
  value,
  onValue,
  unit = "ms",
  placeholder = "",
  disabled = false,
}: NumberProps): ComponentChildren {
  return (
    <div class="half">
      <label for={id}>
        {label} <small>{unit}</small>
      </label>
      <input
        id={id}
        class="field mono"
        type="text"
        inputMode="numeric"
        pattern="[0-9]*"
        title={consoleTexts().wholeNumber}
        autoComplete="off"
        placeholder={placeholder}
        value={value}
        disabled={disabled}
        onInput={(event) => onValue(event.currentTarget.value.trim())}
      />
    </div>
  );
}
