import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import { stocksTexts } from "./texts.ts";

/** Says that nobody has ever paid these prices, and how to publish others. */
export function AboutPrices({ origin, simulated }: { origin: string; simulated: boolean }): ComponentChildren {
  const quotes = "npx artesian-demo --quotes https://example.com/prices.json";
  const none = "npx artesian-demo --quotes none";
  // The current time. A future time would hide the prices that come before it.
  const [time] = useState(() => `${new Date().toISOString().slice(0, 19)}Z`);
  const quote = `{"symbol":"ACME","price":12.5,"change":0.2,"changePercent":1.63,"time":"${time}"}`;
  const curl = `curl -d topic=/quotes/ACME -d type=quote -d 'data=${quote}' ${origin}/events/stream`;
  const texts = stocksTexts().about;
  return (
    <details class="about" data-testid="about">
      <summary>
        {simulated ? (
          <span>
            <strong>{texts.simulated}</strong> {texts.simulatedMore}
          </span>
        ) : (
          texts.summary
        )}
      </summary>
      <div class="about-inner">
        <p>{texts.start}</p>
        <Line text={quotes} label={texts.copyCommand} />
        <p>{texts.publish}</p>
        <Line text={none} label={texts.copyWithout} />
        <Line text={curl} label={texts.copyCurl} />
      </div>
    </details>
  );
}

function Line({ text, label }: { text: string; label: string }): ComponentChildren {
  return (
    <div class="about-line">
      <pre>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} label={label} />
    </div>
  );
}
