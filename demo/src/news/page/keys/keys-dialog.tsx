import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { keysTexts } from "./texts.ts";

const KEYS = [
  ["j", "next"],
  ["k", "previous"],
  ["o", "open"],
  ["m", "read"],
  ["n", "showNew"],
  ["/", "search"],
  ["?", "help"],
] as const;

interface KeysDialogProps {
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly onClose: () => void;
}

/** The list of keys, and the switch for people whose speech or hand presses keys by accident. */
export function KeysDialog({ isOn, onChange, onClose }: KeysDialogProps): ComponentChildren {
  const texts = keysTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="keys-dialog card" ref={dialog} aria-labelledby="keys-title" data-testid="keys-dialog" onClose={onClose}>
      <h2 id="keys-title">{texts.title}</h2>
      <dl>
        {KEYS.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
              {key === "o" && <kbd>{texts.enter}</kbd>}
            </dt>
            <dd>{texts[text]}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input type="checkbox" checked={isOn} data-testid="keys-on" onChange={(event) => onChange(event.currentTarget.checked)} />
        {texts.isOn}
      </label>
      <form method="dialog">
        <button class="button small">{texts.close}</button>
      </form>
    </dialog>
  );
}
