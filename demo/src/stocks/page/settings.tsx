import type { ComponentChildren } from "preact";
import { PaceSlider, type PaceSliderProps } from "./pace-slider.tsx";
import { stocksTexts } from "./texts.ts";
import type { UpColour } from "./watch-list.ts";

const UP_COLOURS: readonly UpColour[] = ["green", "red"];

export interface SettingsProps extends PaceSliderProps {
  readonly upColour: UpColour;
  readonly onUpColour: (colour: UpColour) => void;
}

/** The reader's settings, which this browser keeps. */
export function Settings({ upColour, onUpColour, ...pace }: SettingsProps): ComponentChildren {
  const texts = stocksTexts().settings;
  return (
    <section class="settings" aria-labelledby="settings-title">
      <h2 id="settings-title">{texts.heading}</h2>
      <fieldset class="views">
        <legend>{texts.colours}</legend>
        {UP_COLOURS.map((colour) => (
          <label key={colour}>
            <input
              type="radio"
              name="up-colour"
              data-testid={`up-${colour}`}
              checked={upColour === colour}
              onChange={() => onUpColour(colour)}
            />
            <span>{texts.colour[colour]}</span>
          </label>
        ))}
      </fieldset>
      <PaceSlider {...pace} />
    </section>
  );
}
