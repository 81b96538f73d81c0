import type { ComponentChildren } from "preact";

const LINK = /https?:\/\/[^\s<>"'`]+/g;

/** Marks that end a sentence rather than an address. */
const TRAILING = /[.,;:!?)\]}…]+$/;

/** A text with its web addresses as links. Only `http:` and `https:`, and no other markup. */
export function Linkified({ text }: { text: string }): ComponentChildren {
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const address = match[0].replace(TRAILING, "");
    if (!URL.canParse(address)) continue;
    parts.push(text.slice(end, match.index));
    parts.push(
      <a key={match.index} href={address} target="_blank" rel="noopener noreferrer nofollow">
        {address}
      </a>,
    );
    end = match.index + address.length;
  }
  parts.push(text.slice(end));
  return <>{parts}</>;
}
