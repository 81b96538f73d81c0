import { QUOTE_TYPE, type StockQuote, SYMBOL_LENGTH } from "./wire.ts";

/**
 * Reads an update as a price. A publisher can put anything on the topics, so only the right shape
 * counts.
 *
 * @returns Undefined for anything else.
 */
export function parseQuote(type: string | undefined, data: string): StockQuote | undefined {
  if (type !== QUOTE_TYPE) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    // Not JSON.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { symbol, price, change, changePercent, volume, time, simulated } = value as Record<string, unknown>;
  if (!isSymbol(symbol)) return undefined;
  if (!isNumber(price) || !isNumber(change) || !isNumber(changePercent) || typeof time !== "string") return undefined;
  const at = Date.parse(time);
  if (Number.isNaN(at)) return undefined;
  return { symbol, price, change, changePercent, volume: isNumber(volume) ? volume : undefined, at, simulated: simulated === true };
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether a value can be a symbol. The oldest browsers have no `isWellFormed()`. */
export function isSymbol(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= SYMBOL_LENGTH && !LONE_SURROGATE.test(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
