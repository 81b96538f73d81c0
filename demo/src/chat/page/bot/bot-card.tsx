import { formatterOf } from "artesian-ui/language.ts";
import type { ComponentChildren } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { parseQuote } from "../../../stocks/server/parse-quote.ts";
import { quoteTopic } from "../../../stocks/server/wire.ts";
import type { ChatCard, NewsCard, PriceCard } from "../../server/cards.ts";
import { BotContext } from "./bot-actions.ts";
import { botTexts } from "./texts.ts";

/** How long a card follows its price after it was asked for, in milliseconds. */
const LIVE_MS = 10 * 60_000;

const timeFormat = formatterOf((tag) => new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit", second: "2-digit" }));
const priceFormat = formatterOf((tag) => new Intl.NumberFormat(tag, { minimumFractionDigits: 2, maximumFractionDigits: 4 }));
const changeFormat = formatterOf(
  (tag) => new Intl.NumberFormat(tag, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" }),
);

/** The data of an answer, drawn in place of the text, which says the same. */
export function BotCard({ card, at }: { card: ChatCard; at: number }): ComponentChildren {
  return card.kind === "price" ? <Price card={card} at={at} /> : <News card={card} />;
}

/** A price, which follows the hub's for a while. */
function Price({ card, at }: { card: PriceCard; at: number }): ComponentChildren {
  const texts = botTexts();
  const { follow } = useContext(BotContext);
  const [newest, setNewest] = useState(card);
  const [isLive, setLive] = useState(false);
  useEffect(() => {
    const leftMs = at + LIVE_MS - Date.now();
    if (leftMs <= 0) return undefined;
    const leave = follow(quoteTopic(card.symbol), (type, data) => {
      const quote = parseQuote(type, data);
      if (quote === undefined || quote.symbol !== card.symbol) return;
      setLive(true);
      setNewest((before) => (quote.at >= before.at ? { ...quote, kind: "price" } : before));
    });
    const end = (): void => {
      leave();
      setLive(false);
    };
    const timer = setTimeout(end, leftMs);
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [card.symbol, at, follow]);
  const { symbol, price, change, changePercent, simulated } = newest;
  return (
    <section class="bot-card" data-testid="price-card" data-symbol={symbol} data-live={String(isLive)} aria-label={texts.price(symbol)}>
      <p class="bot-card-head">
        <strong>{symbol}</strong>
        {simulated && <span class="tag">{texts.simulated}</span>}
        {isLive && <span class="tag live">{texts.live}</span>}
      </p>
      <p class="bot-card-price">
        <b data-testid="price">{priceFormat().format(price)}</b> <span aria-hidden="true">{change > 0 ? "▲" : change < 0 ? "▼" : "■"}</span>{" "}
        {changeFormat().format(change)} ({changeFormat().format(changePercent)} %)
      </p>
      <p class="bot-card-foot">
        <time dateTime={new Date(newest.at).toISOString()}>{texts.asOf(timeFormat().format(newest.at))}</time>
        <a href="/stocks">{texts.allPrices}</a>
      </p>
    </section>
  );
}

function News({ card }: { card: NewsCard }): ComponentChildren {
  const texts = botTexts();
  return (
    <section class="bot-card" data-testid="news-card" aria-label={texts.headlines}>
      <ul class="bot-card-list">
        {card.headlines.map(({ title, link, feed }) => (
          <li key={`${feed} ${title}`}>
            {link === undefined ? (
              title
            ) : (
              <a href={link} target="_blank" rel="noopener noreferrer nofollow">
                {title}
              </a>
            )}
            <small>{feed}</small>
          </li>
        ))}
      </ul>
      <p class="bot-card-foot">
        <a href="/news">{texts.allNews}</a>
      </p>
    </section>
  );
}
