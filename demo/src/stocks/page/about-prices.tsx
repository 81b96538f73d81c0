import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";

/** Says that nobody has ever paid these prices, and how to publish others. */
export function AboutPrices({ origin, simulated }: { origin: string; simulated: boolean }): ComponentChildren {
  const quotes = "npx artesian-demo --quotes https://example.com/prices.json";
  const none = "npx artesian-demo --quotes none";
  // The current time. A future time would hide the prices that come before it.
  const [time] = useState(() => `${new Date().toISOString().slice(0, 19)}Z`);
  const quote = `{"symbol":"ACME","price":12.5,"change":0.2,"changePercent":1.63,"time":"${time}"}`;
  const curl = `curl -d topic=/quotes/ACME -d type=quote -d 'data=${quote}' ${origin}/events/stream`;
  return (
    <details class="about" data-testid="about">
      <summary>
        {simulated ? (
          <span>
            <strong>Simulated market.</strong> These companies do not exist, and nobody has ever paid these prices. Plug in real ones
          </span>
        ) : (
          "Where these prices come from, and how to plug in others"
        )}
      </summary>
      <div class="about-inner">
        <p>
          Start Artesian with the address of your prices, as JSON or CSV. A JSON file with options instead of the address tells it keys,
          names of columns and how often to ask.
        </p>
        <Line text={quotes} label="Copy the command" />
        <p>Or publish them yourself, each as it is made, from anything that can send a POST:</p>
        <Line text={none} label="Copy the command without a source" />
        <Line text={curl} label="Copy the curl line" />
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
