import type { ComponentChildren } from "preact";
import { findLinks } from "./find-links.ts";

/** A text with its web addresses as links, and no other markup. */
export function Linkified({ text }: { text: string }): ComponentChildren {
  const parts: ComponentChildren[] = [];
  let done = 0;
  for (const { start, end } of findLinks(text)) {
    const address = text.slice(start, end);
    parts.push(text.slice(done, start));
    parts.push(
      <a key={start} href={address} target="_blank" rel="noopener noreferrer nofollow">
        {address}
      </a>,
    );
    done = end;
  }
  parts.push(text.slice(done));
  return <>{parts}</>;
}
