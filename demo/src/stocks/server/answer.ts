import type { PriceHistory } from "./price-history.ts";
import { problem } from "./problem.ts";
import { API, type Board, BOARD_PATH, CANDLE_STEPS, type CandleStep, type HistoryAnswer } from "./wire.ts";

/** Answers a request below the API's path. */
export function answer(request: Request, history: PriceHistory): Response {
  const { pathname, searchParams } = new URL(request.url);
  const symbol = symbolIn(pathname);
  if (pathname !== BOARD_PATH && symbol === undefined) {
    return problem("not_found", `Prices are at ${BOARD_PATH} and ${API}/history/SYMBOL.`);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return problem("method_not_allowed", "Read it with GET.", { Allow: "GET, HEAD" });
  }
  if (symbol === undefined) return json({ listings: history.listings() } satisfies Board);
  const step = searchParams.get("step") ?? "second";
  if (!isStep(step)) return problem("invalid_step", `The step is one of ${Object.keys(CANDLE_STEPS).join(", ")}.`);
  const candles = history.candles(symbol, step);
  if (candles === undefined) return problem("unknown_symbol", `See ${BOARD_PATH} for those that there are.`);
  const rows = candles.map(({ time, open, high, low, close, volume }) => [time, open, high, low, close, volume] as const);
  return json({ symbol, step, candles: rows } satisfies HistoryAnswer);
}

function symbolIn(pathname: string): string | undefined {
  const prefix = `${API}/history/`;
  if (!pathname.startsWith(prefix) || pathname.length === prefix.length) return undefined;
  try {
    return decodeURIComponent(pathname.slice(prefix.length));
  } catch {
    // Not percent-encoded text, so no symbol.
    return undefined;
  }
}

function isStep(text: string): text is CandleStep {
  return Object.hasOwn(CANDLE_STEPS, text);
}

function json(value: Board | HistoryAnswer): Response {
  return Response.json(value, { headers: { "Cache-Control": "no-store" } });
}
