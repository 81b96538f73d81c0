/**
 * Data of a message that a page may draw as a card. The message's text says the same. Server and
 * page import this file.
 */

/** The price of a symbol, and where later prices come. */
export interface PriceCard {
  readonly kind: "price";
  readonly symbol: string;
  readonly price: number;
  readonly change: number;
  readonly changePercent: number;
  /** When the price was made, in milliseconds since 1970. */
  readonly at: number;
  /** Whether nobody has ever paid this price. */
  readonly simulated: boolean;
}

export interface Headline {
  readonly title: string;
  /** http or https. */
  readonly link?: string;
  /** Name of the feed, for people. */
  readonly feed: string;
}

/** The newest headlines, the newest first. */
export interface NewsCard {
  readonly kind: "news";
  readonly headlines: readonly Headline[];
}

export type ChatCard = PriceCard | NewsCard;

/** Most headlines of a card. */
export const MAX_HEADLINES = 5;

const MAX_TEXT_LENGTH = 300;

/**
 * Reads a card from an update. Nothing about the data is taken for granted.
 *
 * @returns Undefined for anything that is no card.
 */
export function parseCard(value: unknown): ChatCard | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const card = value as Readonly<Record<string, unknown>>;
  if (card["kind"] === "price") {
    const { symbol, price, change, changePercent, at, simulated } = card;
    if (!isShort(symbol) || !isFinite(price) || !isFinite(change) || !isFinite(changePercent) || !isFinite(at)) return undefined;
    return { kind: "price", symbol, price, change, changePercent, at, simulated: simulated === true };
  }
  if (card["kind"] !== "news" || !Array.isArray(card["headlines"])) return undefined;
  const headlines = (card["headlines"] as readonly unknown[]).slice(0, MAX_HEADLINES).flatMap((one): Headline[] => {
    const { title, link, feed } = (one ?? {}) as Readonly<Record<string, unknown>>;
    if (!isShort(title) || !isShort(feed)) return [];
    return [{ title, feed, ...(typeof link === "string" && link.length <= 2048 && /^https?:\/\//.test(link) ? { link } : {}) }];
  });
  return headlines.length === 0 ? undefined : { kind: "news", headlines };
}

function isShort(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= MAX_TEXT_LENGTH;
}

function isFinite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
