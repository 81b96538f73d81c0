import { difference, tidyNumber } from "./numbers.ts";
import type { Quote } from "./quote.ts";
import { createRandom, type Random } from "./random.ts";

/** What a simulated market is made of. */
export interface MarketOptions {
  readonly symbols: readonly string[];
  readonly seed: number;
  /** Prices of a session, of all symbols: at least one each. */
  readonly ticksPerSession: number;
  /** What to go on from, by symbol. */
  readonly last?: ReadonlyMap<string, Pick<Quote, "price" | "change" | "volume">> | undefined;
}

/** A price that nobody has paid. */
export interface Tick {
  readonly symbol: string;
  readonly price: number;
  /** Since the close of the session before; in the first one, since a close that is made up too. */
  readonly change: number;
  readonly changePercent: number;
  /** Traded since the session began. */
  readonly volume: number;
}

/** One symbol's state. Changed in place: there are thousands of ticks a second. */
interface Listing {
  readonly symbol: string;
  /** Logarithm of the price that it is drawn to over days, so that it stays a price for ever. */
  readonly home: number;
  /** Deviation of the logarithm over a session. */
  readonly volatility: number;
  /** Usual distance between bid and ask, as a part of the price. */
  readonly usualSpread: number;
  log: number;
  spread: number;
  previousClose: number;
  last: number;
  volume: number;
}

/** How much of the way home a price goes in a session. */
const PULL_PER_SESSION = 0.05;
/** How fast a spread returns to the usual one, and how much it strays, a tick. */
const SPREAD_RETURN = 0.1;
const SPREAD_NOISE = 0.15;
/** The gap overnight, as a part of a session's deviation. */
const GAP = 0.5;
/** Least price, and the step of prices. */
const CENT = 0.01;

/**
 * A market that is made up: each price is a geometric random walk that is weakly drawn home, trades happen at bid or ask,
 * whose distance reverts to a mean, and sessions begin with a gap. Without a clock: the same options give the same ticks.
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

  /** The next price. A session begins with one of each symbol, in order; then those at the front trade more. */
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

function list(symbol: string, random: Random): Listing {
  // Evenly spread in the logarithm: from 5 to 500.
  const home = Math.log(5) + random.next() * Math.log(100);
  const close = Math.max(tidyNumber(Math.exp(home), 2), CENT);
  const usualSpread = 0.0002 + 0.0008 * random.next();
  const listing = { symbol, home, volatility: 0.01 + 0.025 * random.next(), usualSpread, log: home, spread: usualSpread };
  const opened = { ...listing, previousClose: close, last: close, volume: 0 };
  open(opened, random);
  return opened;
}

/** Takes a session up where it was. */
function goOn(listing: Listing, last: Pick<Quote, "price" | "change" | "volume"> | undefined): Listing {
  // A price of zero or below is none of this market.
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
/** How many names of consonant, vowel, consonant, vowel there are: more than the most symbols. */
const NAMES = (CONSONANTS.length * VOWELS.length) ** 2;
/** Has no factor in common with their number, so each name comes once, and neighbours look different. */
const STRIDE = 7919;

/** Invents names of four letters, up to 11,025 of them, the same ones each time. */
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
