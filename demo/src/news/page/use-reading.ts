import { useState } from "preact/hooks";

/** Handlers for the element that must not move. */
interface Watching {
  onPointerEnter(): void;
  onPointerLeave(): void;
  onFocusIn(event: FocusEvent & { readonly currentTarget: Element }): void;
  onFocusOut(event: FocusEvent & { readonly currentTarget: Element }): void;
}

/**
 * Whether the pointer or the focus is in an element. The focus that a click leaves behind does not
 * count: the pointer tells where its owner reads.
 */
export function useReading(): readonly [boolean, Watching] {
  const [isPointed, setPointed] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const watching: Watching = {
    onPointerEnter: () => setPointed(true),
    onPointerLeave: () => setPointed(false),
    onFocusIn: ({ currentTarget }) => setFocused(currentTarget.querySelector(":focus-visible") !== null),
    onFocusOut: ({ currentTarget, relatedTarget }) => {
      if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) setFocused(false);
    },
  };
  return [isPointed || isFocused, watching];
}
