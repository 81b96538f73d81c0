import type { ComponentChildren } from "preact";
import type { Headline } from "../headline.ts";
import { HeadlineLink } from "../headline-link.tsx";
import { RollingLane } from "./rolling-lane.tsx";
import { newsTexts } from "../texts.ts";
import { ageText } from "../times.ts";
import { useReducedMotion } from "./use-reduced-motion.ts";
import { useSetting } from "../use-setting.ts";

/** Most headlines that take turns. More would be old before their turn. */
const IN_TURN = 24;
const STANDING = 2;

interface TickerProps {
  /** Newest first. */
  readonly headlines: readonly Headline[];
  readonly now: number;
}

/**
 * The band at the top, through which headlines roll, the newest as soon as it arrives. The band
 * stands still for readers who want no motion.
 */
export function Ticker({ headlines, now }: TickerProps): ComponentChildren {
  const texts = newsTexts();
  const still = useReducedMotion();
  const [paused, setPaused] = useSetting("paused");
  const shown = headlines.slice(0, still ? STANDING : IN_TURN);
  const textOf = (headline: Headline): ComponentChildren => <RollText headline={headline} now={now} />;
  return (
    <section class="band" aria-label={texts.ticker} aria-live="off" data-testid="ticker" data-rolling={String(!still && !paused)}>
      {still ? (
        <ul class="lane still">
          {shown.map((headline) => (
            <li key={headline.id} class="roll" data-testid="roll" data-id={headline.id}>
              {textOf(headline)}
            </li>
          ))}
        </ul>
      ) : (
        <>
          <button
            type="button"
            class="band-button"
            data-testid="pause"
            aria-label={paused ? texts.rollTicker : texts.pauseTicker}
            onClick={() => setPaused(!paused)}
          >
            <span class={paused ? "sign play" : "sign pause"} aria-hidden="true" />
          </button>
          <RollingLane headlines={shown} paused={paused} textOf={textOf} />
        </>
      )}
    </section>
  );
}

function RollText({ headline, now }: { headline: Headline; now: number }): ComponentChildren {
  return (
    <>
      <span class="roll-feed" dir="auto">
        {headline.feedTitle}
      </span>
      <HeadlineLink headline={headline} />
      <span class="roll-age">{ageText(headline.at, now)}</span>
    </>
  );
}
