import { QUOTE_TYPE, type StockQuote, SYMBOL_LENGTH } from "./wire.ts";
import { isWellFormed } from "../../stand-ins.ts";

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
  if (typeof symbol !== "string" || symbol === "" || symbol.length > SYMBOL_LENGTH || !isWellFormed(symbol)) return undefined;
  if (!isNumber(price) || !isNumber(change) || !isNumber(changePercent) || typeof time !== "string") return undefined;
  const at = Date.parse(time);
  if (Number.isNaN(at)) return undefined;
  return { symbol, price, change, changePercent, volume: isNumber(volume) ? volume : undefined, at, simulated: simulated === true };
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
