import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useView } from "artesian-ui/use-view.ts";
import type { Alerts, FiredAlert, PriceAlert } from "./alerts.ts";
import { formatPrice } from "./format.ts";
import type { MarketStore } from "./market-store.ts";
import { stocksTexts } from "./texts.ts";

export interface PriceAlertsProps {
  readonly alerts: Alerts;
  readonly store: MarketStore;
  /** The symbol that a new alert is of. */
  readonly symbol: string | undefined;
}

/** The price alerts, and a form for a new alert. */
export function PriceAlerts({ alerts, store, symbol }: PriceAlertsProps): ComponentChildren {
  const { alerts: set } = useView(alerts);
  const [text, setText] = useState("");
  const [isRefused, setRefused] = useState(false);
  const [permission, setPermission] = useState(() => (typeof Notification === "undefined" ? "denied" : Notification.permission));
  const texts = stocksTexts().alerts;

  function add(event: Event): void {
    event.preventDefault();
    const quote = symbol === undefined ? undefined : store.ticker(symbol).quote;
    if (quote === undefined || text.trim() === "") return;
    const isAdded = alerts.add(quote.symbol, Number(text), quote.price);
    setRefused(!isAdded);
    if (isAdded) setText("");
  }

  return (
    <section class="settings" aria-labelledby="alerts-title" data-testid="alerts">
      <h2 id="alerts-title">{texts.heading}</h2>
      <form class="alert-form" onSubmit={add}>
        <label for="alert-price">{texts.price(symbol ?? "")}</label>
        <input
          id="alert-price"
          class="field"
          type="number"
          step="any"
          inputMode="decimal"
          data-testid="alert-price"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button quiet small" data-testid="alert-add">
          {texts.add}
        </button>
      </form>
      <p class="alert-refused" role="status">
        {isRefused ? texts.refused : ""}
      </p>
      <ul class="alert-list">
        {set.map((alert) => (
          <li key={sentence(alert, store)} data-testid="alert">
            {sentence(alert, store)}
            <button
              type="button"
              class="button quiet small"
              aria-label={texts.removeOne(sentence(alert, store))}
              data-testid="alert-remove"
              onClick={() => alerts.remove(alert)}
            >
              {texts.remove}
            </button>
          </li>
        ))}
      </ul>
      {permission === "default" && (
        <button
          type="button"
          class="button quiet small"
          data-testid="alert-notify"
          onClick={() => void Notification.requestPermission().then(setPermission)}
        >
          {texts.notify}
        </button>
      )}
    </section>
  );
}

/** Alerts whose price was reached, until the reader takes them off. They cover, and move nothing. */
export function FiredAlerts({ alerts, store }: { alerts: Alerts; store: MarketStore }): ComponentChildren {
  const { fired } = useView(alerts);
  const texts = stocksTexts().alerts;
  return (
    <div class="fired" role="status">
      {fired.map((alert) => (
        <p key={`${alert.symbol} ${alert.target}`} data-testid="alert-fired">
          {firedSentence(alert, store)}
          <button type="button" class="button quiet small" data-testid="alert-dismiss" onClick={() => alerts.dismiss(alert)}>
            {texts.dismiss}
          </button>
        </p>
      ))}
    </div>
  );
}

/** Tells an alert outside of the page too, if the reader has allowed that. */
export function notify(fired: FiredAlert, store: MarketStore): void {
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return;
  try {
    const notification = new Notification(stocksTexts().title, {
      body: firedSentence(fired, store),
      tag: `${fired.symbol} ${fired.target}`,
    });
    notification.addEventListener("click", () => window.focus());
  } catch {
    // Browsers of phones allow notifications of service workers alone. The page has told the reader.
  }
}

function sentence({ symbol, target, rises }: PriceAlert, store: MarketStore): string {
  const texts = stocksTexts().alerts;
  return (rises ? texts.rises : texts.falls)(symbol, formatPrice(target, store.ticker(symbol).decimals));
}

function firedSentence(fired: FiredAlert, store: MarketStore): string {
  const { decimals } = store.ticker(fired.symbol);
  return stocksTexts().alerts.fired(fired.symbol, formatPrice(fired.price, decimals), formatPrice(fired.target, decimals));
}
