import type { ComponentChildren } from "preact";

/** Draws a text in which `*` encloses strong words, and a backtick encloses code. */
export function rich(text: string): ComponentChildren {
  return text.split(/(`[^`]*`|\*[^*]*\*)/).map((part) => {
    if (part.startsWith("`")) return <code>{part.slice(1, -1)}</code>;
    return part.startsWith("*") ? <b>{part.slice(1, -1)}</b> : part;
  });
}
