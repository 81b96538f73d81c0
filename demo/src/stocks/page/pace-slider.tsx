import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatBytes } from "./format.ts";
import type { MarketStore } from "./market-store.ts";
import { PACES } from "./paces.ts";
import { setText } from "./paint.ts";
import { stocksTexts } from "./texts.ts";

/** Time without a move after which a pace is taken, in milliseconds. */
const SETTLED_MS = 250;

/** Interval of showing the rate, in milliseconds. */
const SHOWN_MS = 500;

export interface PaceSliderProps {
  readonly store: MarketStore;
  readonly paceMs: number;
  readonly onPace: (paceMs: number) => void;
}

/** Lets the reader choose the hub's pace, and shows the cost. */
export function PaceSlider({ store, paceMs, onPace }: PaceSliderProps): ComponentChildren {
  const [place, setPlace] = useState(() => Math.max(0, PACES.indexOf(paceMs)));
  const rate = useRef<HTMLOutputElement>(null);
  const chosen = PACES[place] ?? paceMs;
  const texts = stocksTexts().settings;

  useEffect(() => {
    if (chosen === paceMs) return undefined;
    const timer = setTimeout(() => onPace(chosen), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [chosen, paceMs]);

  useEffect(() => {
    const show = (): void => {
      const bytes = store.bytesPerSecond;
      if (rate.current !== null) setText(rate.current, bytes === undefined ? texts.measuring : texts.rate(formatBytes(bytes)));
    };
    show();
    const timer = setInterval(show, SHOWN_MS);
    return () => clearInterval(timer);
  }, [store, texts]);

  return (
    <div class="pace">
      <label for="pace">{texts.pace(chosen)}</label>
      <input
        id="pace"
        type="range"
        data-testid="pace"
        min={0}
        max={PACES.length - 1}
        step={1}
        value={place}
        aria-valuetext={texts.pace(chosen)}
        onInput={(event) => setPlace(Number(event.currentTarget.value))}
      />
      <output for="pace" data-testid="pace-rate" aria-live="off" ref={rate} />
    </div>
  );
}
