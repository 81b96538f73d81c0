import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import { findLinks } from "./find-links.ts";
import { MentionContext } from "./mentions/mentions.ts";

/** A text with its web addresses as links and its mentions marked, and no other markup. */
export function Linkified({ text }: { text: string }): ComponentChildren {
  const { pattern, own } = useContext(MentionContext);
  const parts: ComponentChildren[] = [];
  let done = 0;

  function addProse(end: number): void {
    const prose = text.slice(done, end);
    let told = 0;
    if (pattern !== undefined && /[@＠]/.test(prose)) {
      for (const { 0: mention, index } of prose.matchAll(pattern)) {
        const isYou = mention.slice(1).toLowerCase() === own?.toLowerCase();
        parts.push(
          prose.slice(told, index),
          <span class={isYou ? "mention you" : "mention"} data-testid="mention">
            {mention}
          </span>,
        );
        told = index + mention.length;
      }
    }
    parts.push(prose.slice(told));
    done = end;
  }

  for (const { start, end } of findLinks(text)) {
    addProse(start);
    done = end;
    const address = text.slice(start, end);
    parts.push(
      <a href={address} target="_blank" rel="noopener noreferrer nofollow">
        {address}
      </a>,
    );
  }
  addProse(text.length);
  return <>{parts}</>;
}
