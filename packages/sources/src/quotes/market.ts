import { difference, tidyNumber } from "./numbers.ts";
import type { Quote } from "./quote.ts";
import { createRandom, type Random } from "./random.ts";

/** Options of a simulated market. */
export interface MarketOptions {
  readonly symbols: readonly string[];
  readonly seed: number;
  /** Prices of all symbols in a session, at least one for each. */
  readonly ticksPerSession: number;
  /** State to continue from, by symbol. */
  readonly last?: ReadonlyMap<string, Pick<Quote, "price" | "change" | "volume">> | undefined;
}

/** A price that nobody has paid. */
export interface Tick {
  readonly symbol: string;
  readonly price: number;
  /**
   * Change since the close of the last session. The first session starts from an invented close.
   */
  readonly change: number;
  readonly changePercent: number;
  /** Volume since the session began. */
  readonly volume: number;
}

/** The state of one symbol. The state is mutated, because there are thousands of ticks a second. */
interface Listing {
  readonly symbol: string;
  /**
   * Logarithm of the price to which the price reverts over days, so that prices stay plausible for
   * ever.
   */
  readonly home: number;
  /** Standard deviation of the logarithm over a session. */
  readonly volatility: number;
  /** Usual distance between bid and ask, as a part of the price. */
  readonly usualSpread: number;
  log: number;
  spread: number;
  previousClose: number;
  last: number;
  volume: number;
}

/** Share of the way home that a price goes in a session. */
const PULL_PER_SESSION = 0.05;
/** Rate at which a spread returns to the usual spread in each tick, and its deviation. */
const SPREAD_RETURN = 0.1;
const SPREAD_NOISE = 0.15;
/** The gap overnight, as a part of a session's deviation. */
const GAP = 0.5;
/** Lowest price, and the tick size. */
const CENT = 0.01;

/**
 * A simulated market. Each price is a geometric random walk with weak mean reversion. Trades happen
 * at bid or ask, whose distance reverts to a mean, and sessions begin with a gap. There is no
 * clock, so the same options give the same ticks.
 */
export class Market {
  readonly #random: Random;
  readonly #listings: readonly Listing[];
  readonly #ticksPerSession: number;
  /** Part of a session that passes between two ticks of one symbol. */
  readonly #step: number;
  /** Ticks of this session so far. */
  #tick = 0;

  constructor({ symbols, seed, ticksPerSession, last }: MarketOptions) {
    this.#random = createRandom(seed);
    this.#ticksPerSession = Math.max(ticksPerSession, symbols.length);
    this.#step = symbols.length / this.#ticksPerSession;
    this.#listings = symbols.map((symbol) => goOn(list(symbol, this.#random), last?.get(symbol)));
  }

  /**
   * Returns the next price. A session begins with one tick of each symbol, in order. After that,
   * symbols at the front trade more.
   */
  next(): Tick {
    if (this.#tick === this.#ticksPerSession) {
      this.#tick = 0;
      for (const listing of this.#listings) open(listing, this.#random);
    }
    const count = this.#listings.length;
    const opening = this.#tick < count;
    const index = opening ? this.#tick : Math.floor(this.#random.next() ** 1.5 * count);
    this.#tick += 1;
    const listing = this.#listings[index];
    if (listing === undefined) throw new Error("A market without symbols has no prices.");
    return this.#trade(listing);
  }

  #trade(listing: Listing): Tick {
    const random = this.#random;
    listing.log +=
      listing.volatility * Math.sqrt(this.#step) * random.bell() - PULL_PER_SESSION * this.#step * (listing.log - listing.home);
    const { usualSpread } = listing;
    listing.spread += SPREAD_RETURN * (usualSpread - listing.spread) + SPREAD_NOISE * usualSpread * random.bell();
    listing.spread = Math.min(Math.max(listing.spread, usualSpread / 5), usualSpread * 5);
    const side = random.next() < 0.5 ? -1 : 1;
    const price = Math.max(tidyNumber(Math.exp(listing.log) * (1 + (side * listing.spread) / 2), 2), CENT);
    listing.last = price;
    listing.volume += 100 * (1 + Math.floor(30 * random.next() ** 4));
    const change = difference(price, listing.previousClose);
    const changePercent = tidyNumber((change / listing.previousClose) * 100, 2);
    return { symbol: listing.symbol, price, change, changePercent, volume: listing.volume };
  }
}

/** How the price of a simulated symbol moves. */
export interface SimulatedCharacter {
  /** Standard deviation of the logarithm over a session. */
  readonly volatility: number;
  /** Usual distance between bid and ask, as a part of the price. */
  readonly spread: number;
  /** Share of the way home that a price goes in a session. */
  readonly pullPerSession: number;
}

/**
 * The character of a simulated symbol. The name alone decides, so that a market that stops and goes
 * on moves as before, with any seed.
 */
export function simulatedCharacter(symbol: string): SimulatedCharacter {
  let hash = 0x811c9dc5;
  for (let i = 0; i < symbol.length; i++) hash = Math.imul(hash ^ symbol.charCodeAt(i), 0x01000193);
  const random = createRandom(hash >>> 0);
  return { volatility: 0.01 + 0.025 * random.next(), spread: 0.0002 + 0.0008 * random.next(), pullPerSession: PULL_PER_SESSION };
}

function list(symbol: string, random: Random): Listing {
  // Evenly spread in the logarithm, from 5 to 500.
  const home = Math.log(5) + random.next() * Math.log(100);
  const close = Math.max(tidyNumber(Math.exp(home), 2), CENT);
  const { volatility, spread } = simulatedCharacter(symbol);
  const opened = { symbol, home, volatility, usualSpread: spread, log: home, spread, previousClose: close, last: close, volume: 0 };
  open(opened, random);
  return opened;
}

/** Continues a session from its last state. */
function goOn(listing: Listing, last: Pick<Quote, "price" | "change" | "volume"> | undefined): Listing {
  // This market has no price of zero or below.
  if (last === undefined || last.price < CENT || last.price - last.change < CENT) return listing;
  const log = Math.log(last.price);
  return { ...listing, home: log, log, last: last.price, previousClose: difference(last.price, last.change), volume: last.volume ?? 0 };
}

/** Begins a session. */
function open(listing: Listing, random: Random): void {
  listing.previousClose = listing.last;
  listing.volume = 0;
  listing.log += GAP * listing.volatility * random.bell();
}

const CONSONANTS = "BCDFGHJKLMNPQRSTVWXYZ";
const VOWELS = "AEIOU";
/**
 * Number of names of the form consonant, vowel, consonant, vowel, which exceeds the most symbols.
 */
const NAMES = (CONSONANTS.length * VOWELS.length) ** 2;
/** Coprime to the number of names, so each name comes once, and neighbours look different. */
const STRIDE = 7919;

/** Invents up to 11,025 names of four letters, the same each time. */
export function inventSymbols(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    let rest = ((index + 1) * STRIDE) % NAMES;
    let name = "";
    for (const letters of [CONSONANTS, VOWELS, CONSONANTS, VOWELS]) {
      name += letters[rest % letters.length] ?? "";
      rest = Math.floor(rest / letters.length);
    }
    return name;
  });
}
