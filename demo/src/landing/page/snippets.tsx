import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import type { Snippet } from "./more-snippets.ts";
import { rich } from "./rich.tsx";
import { landingTexts } from "./texts.ts";

type Side = "send" | "receive";

/** Names of the languages, the first of which needs no loading. The page's name is a text. */
const LANGUAGES: Readonly<Record<Side, readonly string[]>> = {
  send: ["curl", "JavaScript", "Python", "PHP", "Go"],
  receive: ["page", "curl", "JavaScript", "Python", "PHP", "Go"],
};

/** Code that publishes and receives, with the absolute URL of this server. */
export function Snippets({ url }: { url: string }): ComponentChildren {
  return (
    <div class="how">
      <Code side="send" url={url} first={`curl -d topic=greeting -d 'data=Hello, world!' ${url}`} />
      <Code
        side="receive"
        url={url}
        first={`const events = new EventSource("${url}?match=greeting");\nevents.onmessage = (event) =>\n  console.log(event.data);`}
      />
      <p class="how-note">{rich(landingTexts().crossOrigin)}</p>
    </div>
  );
}

function Code({ side, url, first }: { side: Side; url: string; first: string }): ComponentChildren {
  const [firstName = ""] = LANGUAGES[side];
  const [chosen, setChosen] = useState<{ name: string; make?: Snippet }>({ name: firstName });
  const [isMissing, setMissing] = useState(false);
  const texts = landingTexts();
  const text = chosen.make?.(url) ?? first;
  const nameOf = (name: string): string => (name === "page" ? texts.inPage : name);

  async function choose(name: string): Promise<void> {
    try {
      setChosen(name === firstName ? { name } : { name, make: (await import("./more-snippets.ts")).SNIPPETS[side][name] as Snippet });
      setMissing(false);
    } catch {
      setMissing(true);
    }
  }

  return (
    <section class="code" aria-labelledby={side}>
      <header>
        <h2 id={side}>{texts[side]}</h2>
        <div class="languages" role="group" aria-labelledby={side}>
          {LANGUAGES[side].map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === chosen.name}
              data-testid={`${side}-${name}`}
              onClick={() => void choose(name)}
            >
              {nameOf(name)}
            </button>
          ))}
        </div>
        <CopyButton text={text} label={texts.copyCode(nameOf(chosen.name))} />
      </header>
      <pre data-testid={side}>
        <code>{text}</code>
      </pre>
      {isMissing && (
        <p class="code-problem" role="alert">
          {texts.notLoaded}
        </p>
      )}
    </section>
  );
}
