import { browserStorage, type PageStorage } from "artesian-ui/storage.ts";
import type { StockQuote } from "../server/wire.ts";
import { isSymbol } from "../server/parse-quote.ts";

const KEY = "artesian.stocks.alerts";

/** Most alerts at a time, and most that wait to be read. */
export const MAX_ALERTS = 50;
const MAX_FIRED = 5;

/** A price that the reader wants to hear of. */
export interface PriceAlert {
  readonly symbol: string;
  readonly target: number;
  /** Whether the price has to rise to the target. Otherwise the price has to fall. */
  readonly rises: boolean;
}

/** An alert whose price was reached. */
export interface FiredAlert extends PriceAlert {
  readonly price: number;
}

export interface AlertsView {
  readonly alerts: readonly PriceAlert[];
  /** The oldest first. */
  readonly fired: readonly FiredAlert[];
}

/** The reader's price alerts, which this browser keeps. Each fires once. */
export class Alerts {
  readonly #storage: Pick<PageStorage, "getItem" | "setItem">;
  readonly #onFire: (fired: FiredAlert) => void;
  readonly #listeners = new Set<() => void>();
  #view: AlertsView;

  constructor(onFire: (fired: FiredAlert) => void, storage: Pick<PageStorage, "getItem" | "setItem"> = browserStorage) {
    this.#onFire = onFire;
    this.#storage = storage;
    this.#view = { alerts: load(storage), fired: [] };
  }

  get view(): AlertsView {
    return this.#view;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Sets an alert. The price of now decides the direction.
   *
   * @returns False if there are too many, or the price is there already.
   */
  add(symbol: string, target: number, price: number): boolean {
    const alerts = load(this.#storage);
    if (target === price || !(target > 0 && target < Infinity) || alerts.length >= MAX_ALERTS) return false;
    const alert: PriceAlert = { symbol, target, rises: target > price };
    this.#save([...alerts.filter((each) => !isSame(each, alert)), alert]);
    return true;
  }

  remove(alert: PriceAlert): void {
    this.#save(load(this.#storage).filter((each) => !isSame(each, alert)));
  }

  /** Fires the alerts that a price has reached. */
  check({ symbol, price }: StockQuote): void {
    const reached = this.#view.alerts.filter((alert) => alert.symbol === symbol && isReached(alert, price));
    for (const alert of reached) {
      // Another tab of the page may have told the reader already.
      const isOpen = load(this.#storage).some((each) => isSame(each, alert));
      this.remove(alert);
      if (!isOpen) continue;
      const fired = { ...alert, price };
      this.#set({ fired: [...this.#view.fired, fired].slice(-MAX_FIRED) });
      this.#onFire(fired);
    }
  }

  /** Takes a fired alert off the page. */
  dismiss(fired: FiredAlert): void {
    this.#set({ fired: this.#view.fired.filter((each) => each !== fired) });
  }

  #save(alerts: readonly PriceAlert[]): void {
    this.#storage.setItem(KEY, JSON.stringify(alerts));
    this.#set({ alerts });
  }

  #set(change: Partial<AlertsView>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function isReached({ target, rises }: PriceAlert, price: number): boolean {
  return rises ? price >= target : price <= target;
}

function isSame(one: PriceAlert, other: PriceAlert): boolean {
  return one.symbol === other.symbol && one.target === other.target && one.rises === other.rises;
}

function load(storage: Pick<PageStorage, "getItem">): readonly PriceAlert[] {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(value) ? (value as unknown[]).filter(isAlert).slice(0, MAX_ALERTS) : [];
  } catch {
    // The stored entry is not ours.
    return [];
  }
}

function isAlert(value: unknown): value is PriceAlert {
  if (typeof value !== "object" || value === null) return false;
  const { symbol, target, rises } = value as Record<string, unknown>;
  return isSymbol(symbol) && typeof target === "number" && Number.isFinite(target) && typeof rises === "boolean";
}
