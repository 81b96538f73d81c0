import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { AppBar } from "artesian-ui/app-bar.tsx";
import { language } from "artesian-ui/language.ts";
import { LayersBelow } from "./layers-below.tsx";
import { LivePanel } from "./live-panel.tsx";
import { Snippets } from "./snippets.tsx";
import { landingTexts } from "./texts.ts";

const STREAM_PATH = "/events/stream";

/**
 * Topics of one word, with or without a leading slash. The apps' own topics have two words. Prices
 * and headlines would drown handmade updates.
 */
const PLAIN_TOPICS = ["/:word", "/.well-known/:word"];

/**
 * The page at `/`: an introduction with a live stream. The layers below the screen are loaded by
 * the first move towards them.
 *
 * Test ids: `updates`, `update-topic`, `update-type`, `update-latency`; `send`, `receive` and
 * `send-LANGUAGE`, `receive-LANGUAGE` of the snippets; `layers`. See also the demonstration.
 */
export function Landing({ origin }: { origin: string }): ComponentChildren {
  const texts = landingTexts();
  useEffect(() => {
    // The HTML file has the title and the description in both languages.
    for (const element of document.head.querySelectorAll("[data-en]")) {
      const words = element.getAttribute(`data-${language()}`) ?? "";
      if (element instanceof HTMLMetaElement) element.content = words;
      else element.textContent = words;
    }
  }, [language()]);
  return (
    <>
      <AppBar />
      <main>
        <div class="surface-layer">
          <div class="intro">
            <h1>{texts.headline}</h1>
            <p class="lead">{texts.lead}</p>
            <p class="actions">
              <a class="button" href="#apps">
                {texts.seeIt}
              </a>
              <a class="button quiet" href="#demonstration">
                {texts.killIt}
              </a>
            </p>
          </div>
          <LivePanel streamUrl={STREAM_PATH} patterns={PLAIN_TOPICS} />
          <Snippets url={`${origin}${STREAM_PATH}`} />
        </div>
        <LayersBelow />
      </main>
    </>
  );
}
