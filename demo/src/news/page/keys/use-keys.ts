import { useEffect, useRef } from "preact/hooks";

/** The keys, explained. */
export interface KeyActions {
  /** Goes to the next or the previous headline. */
  readonly move: (step: 1 | -1) => void;
  /** Opens the headline that has the focus. Returns false without a focused headline. */
  readonly open: () => boolean;
  readonly toggleRead: () => void;
  readonly showNew: () => void;
  readonly search: () => void;
  readonly help: () => void;
}

const TYPING = "input, textarea, select, [contenteditable]";

/** Acts on single keys, but never while the reader types, chooses, or is in a dialog. */
export function useKeys(actions: KeyActions, isOn: boolean): void {
  const current = useRef(actions);
  current.current = actions;
  useEffect(() => {
    if (!isOn) return undefined;
    const press = (event: KeyboardEvent): void => {
      const { target, key } = event;
      // Safari ends a composition before its last key, which has the code 229.
      if (event.defaultPrevented || event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
      if (!(target instanceof Element) || target.closest(TYPING) !== null || document.querySelector("dialog[open]") !== null) return;
      if (act(current.current, key, target)) event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [isOn]);
}

/** @returns Whether the key means something here. */
function act(actions: KeyActions, key: string, target: Element): boolean {
  if (key === "Enter") return target.matches("[data-id]") && actions.open();
  if (key === "o") return actions.open();
  const action = {
    j: () => actions.move(1),
    k: () => actions.move(-1),
    m: actions.toggleRead,
    n: actions.showNew,
    "/": actions.search,
    "?": actions.help,
    "？": actions.help,
  }[key];
  action?.();
  return action !== undefined;
}
