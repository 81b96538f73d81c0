import type { ComponentChildren, RefObject } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { MentionContext } from "./mentions.ts";
import { mentionTexts } from "./texts.ts";

/** Most names that are offered at once. */
const MAX_OFFERED = 6;

export interface CompletionProps {
  readonly box: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  /** Where the name begins, after the sign. */
  readonly start: number;
  /** Takes the place of the box's own keys. Returns whether the key was used. */
  readonly keys: RefObject<((event: KeyboardEvent) => boolean) | null>;
  /** Ends the completion of this name. */
  readonly onEnd: () => void;
}

/** Offers the names that begin as the one that is being typed. */
export function Completion({ box, text, start, keys, onEnd }: CompletionProps): ComponentChildren {
  const { names, own } = useContext(MentionContext);
  const [picked, setPicked] = useState(0);
  const typed = text.slice(start, box.current?.selectionStart).toLowerCase();
  const offered = names
    .filter((name) => name !== own && name.toLowerCase().startsWith(typed) && name.toLowerCase() !== typed)
    .slice(0, MAX_OFFERED);
  const index = Math.min(picked, offered.length - 1);

  /** The next key is the box's, also before the list is gone. */
  function end(): void {
    keys.current = null;
    onEnd();
  }

  function choose(name: string): void {
    const { current } = box;
    current?.setRangeText(`${name} `, start, current.selectionStart, "end");
    end();
    current?.dispatchEvent(new Event("input", { bubbles: true }));
    current?.focus();
  }

  keys.current = ({ key, shiftKey }) => {
    const name = offered[index];
    if (name === undefined) return false;
    if (key === "ArrowDown" || key === "ArrowUp") setPicked((index + (key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length);
    else if ((key === "Enter" || key === "Tab") && !shiftKey) choose(name);
    else if (key === "Escape") end();
    else return false;
    return true;
  };

  useEffect(() => {
    const { current } = box;
    if (current === null || index < 0) return undefined;
    current.setAttribute("aria-controls", "names");
    current.setAttribute("aria-activedescendant", `name-${index}`);
    return () => {
      current.removeAttribute("aria-controls");
      current.removeAttribute("aria-activedescendant");
    };
  }, [index]);
  useEffect(
    () => () => {
      keys.current = null;
    },
    [],
  );

  if (offered.length === 0) return undefined;
  return (
    <ul id="names" class="names card" role="listbox" aria-label={mentionTexts().names} data-testid="names">
      {offered.map((name, place) => (
        <li
          key={name}
          id={`name-${place}`}
          role="option"
          aria-selected={place === index}
          // Before the box loses the focus.
          onPointerDown={(event) => {
            event.preventDefault();
            choose(name);
          }}
        >
          {name}
        </li>
      ))}
    </ul>
  );
}
