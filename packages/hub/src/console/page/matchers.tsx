import type { ComponentChildren } from "preact";

const SHOWN = 8;

const KINDS: Readonly<Record<string, string>> = { urlpattern: "pattern", uritemplate: "template" };

/** The matchers of a subscriber. */
export function Matchers({ matchers }: { matchers: readonly { readonly type: string; readonly pattern: string }[] }): ComponentChildren {
  const more = matchers.length - SHOWN;
  return (
    <p class="chips">
      {matchers.slice(0, SHOWN).map(({ type, pattern }) => (
        <span class="chip" key={`${type} ${pattern}`}>
          {KINDS[type] !== undefined && <small>{KINDS[type]} </small>}
          <code>{pattern}</code>
          {pattern === "*" && <small> every topic</small>}
        </span>
      ))}
      {more > 0 && <span class="chip">and {more} more</span>}
    </p>
  );
}
