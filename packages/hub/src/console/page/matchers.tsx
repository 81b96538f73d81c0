import type { ComponentChildren } from "preact";
import { readable } from "./format.ts";
import { consoleTexts } from "./texts.ts";

const SHOWN = 8;

/** The matchers of a subscriber. */
export function Matchers({ matchers }: { matchers: readonly { readonly type: string; readonly pattern: string }[] }): ComponentChildren {
  const more = matchers.length - SHOWN;
  const texts = consoleTexts().matchers;
  const kinds: Readonly<Record<string, string>> = { urlpattern: texts.urlpattern, uritemplate: texts.uritemplate };
  return (
    <p class="chips">
      {matchers.slice(0, SHOWN).map(({ type, pattern }) => (
        <span class="chip" key={`${type} ${pattern}`}>
          {kinds[type] !== undefined && <small>{kinds[type]} </small>}
          <code title={pattern}>{readable(pattern)}</code>
          {pattern === "*" && <small> {texts.everyTopic}</small>}
        </span>
      ))}
      {more > 0 && <span class="chip">{texts.more(more)}</span>}
    </p>
  );
}
