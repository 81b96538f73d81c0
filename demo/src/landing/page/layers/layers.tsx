import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { rich } from "../rich.tsx";
import { AppCards } from "./apps.tsx";
import { Demonstration } from "./demonstration.tsx";
import { Join } from "./join.tsx";
import type { LayerTexts } from "./texts.en.ts";
import { useServerInfo } from "./server-info.ts";
import { layerTexts } from "./texts.ts";

const CLAIMS: readonly (keyof LayerTexts["claims"])[] = ["reconnects", "journal", "backends", "polls"];

/** Down through the layers to the water. */
export function Layers(): ComponentChildren {
  const texts = layerTexts();
  const info = useServerInfo();
  // The browser looked for the address's part before it was here.
  useEffect(() => {
    if (location.hash !== "") document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, []);
  return (
    <div class="layers" data-testid="layers">
      <section class="layer sand" aria-labelledby="keeps-title">
        <Edge />
        <div class="layer-inner section">
          <h2 id="keeps-title">{texts.rely}</h2>
          <ul class="claims">
            {CLAIMS.map((claim) => (
              <li key={claim}>
                <h3>{texts.claims[claim].title}</h3>
                <p>{rich(texts.claims[claim].about)}</p>
              </li>
            ))}
          </ul>
          <Well />
        </div>
      </section>
      <section class="layer deep" aria-label={texts.watch}>
        <Edge />
        <div class="layer-inner deep-inner">
          <div class="show-row">
            <Demonstration info={info} />
            <Join info={info} />
          </div>
          <h2 id="apps">{texts.watch}</h2>
          <p>{texts.watchAbout}</p>
          <AppCards />
        </div>
      </section>
    </div>
  );
}

/**
 * The path of an update as a cross-section: from the backends deep below, through the journal, up
 * to the pages.
 */
function Well(): ComponentChildren {
  const texts = layerTexts().well;
  return (
    <div class="well">
      <div class="pipe" aria-hidden="true">
        <i />
        <i />
        <i />
      </div>
      <ol aria-label={texts.label}>
        <li>{rich(texts.pages)}</li>
        <li>{rich(texts.hub)}</li>
        <li>{rich(texts.journal)}</li>
        <li>{rich(texts.backends)}</li>
      </ol>
    </div>
  );
}

/** The uneven upper edge of a layer. */
function Edge(): ComponentChildren {
  return (
    <svg class="edge" viewBox="0 0 1440 60" preserveAspectRatio="none" aria-hidden="true">
      <path d="M0 34C180 8 330 52 560 36S930 2 1140 22s220 22 300 8v31H0z" />
    </svg>
  );
}
