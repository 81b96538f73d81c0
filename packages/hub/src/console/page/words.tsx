import type { ComponentChildren } from "preact";

/** A text of a table, with code between backticks. */
export function Words({ text }: { text: string }): ComponentChildren {
  return text.split("`").map((part, i) => (i % 2 === 0 ? part : <code key={part}>{part}</code>));
}
