import { type Board, BOARD_PATH, type Candle, type CandleStep, type HistoryAnswer, historyPath } from "../server/wire.ts";
import { anySignal } from "artesian-ui/stand-ins.ts";

/** Longest wait for an answer, in milliseconds. */
const TIMEOUT_MS = 15_000;

/** @throws Error when there is no answer, or an unexpected one. */
export async function fetchBoard(signal: AbortSignal): Promise<Board> {
  return await fetchJson<Board>(BOARD_PATH, signal);
}

/**
 * @returns The candles, the oldest first. None for a symbol that the server does not know.
 * @throws Error when there is no answer, or an unexpected one.
 */
export async function fetchCandles(symbol: string, step: CandleStep, signal: AbortSignal): Promise<readonly Candle[]> {
  const { candles } = (await fetchJson<HistoryAnswer | { readonly candles?: undefined }>(historyPath(symbol, step), signal, 404)) ?? {};
  return (candles ?? []).map(([time, open, high, low, close, volume]) => ({ time, open, high, low, close, volume }));
}

async function fetchJson<T>(path: string, signal: AbortSignal, alsoStatus?: number): Promise<T> {
  const response = await fetch(path, { signal: anySignal(signal, AbortSignal.timeout(TIMEOUT_MS)) });
  if (!response.ok && response.status !== alsoStatus) throw new Error(`The server answered ${response.status}.`);
  return (await response.json()) as T;
}
