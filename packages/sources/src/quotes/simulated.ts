import type { TextUpdate } from "artesian";
import { bounded } from "../bounds.ts";
import { MAX_BATCH, type Source } from "../source.ts";
import { inventSymbols, Market } from "./market.ts";
import { MAX_SYMBOLS, planOf, SYSTEM_CLOCK, TICK_MS, type QuotesPlan, type SimulatedQuotesOptions } from "./options.ts";
import type { Quote } from "./quote.ts";

/**
 * How far the market may fall behind a slow hub before missed prices are left out, in milliseconds.
 */
const MAX_BEHIND_MS = 1000;

/** Simulates prices, each marked `simulated: true`. */
export function simulatedQuotes(options: SimulatedQuotesOptions): Source {
  const plan = planOf(options);
  const symbols = symbolsOf(options, plan);
  const perSecond = bounded("ticksPerSecond", options.ticksPerSecond, { fallback: 20, min: 0.1, max: 100_000 });
  const seed = bounded("seed", options.seed, { fallback: 1, min: 0, max: 2 ** 32 - 1 });
  if (!Number.isInteger(seed)) throw new TypeError(`seed: ${seed} is not a whole number.`);
  const sessionMs = bounded("sessionMs", options.sessionMs, { fallback: 1_800_000, min: 10_000, max: 86_400_000 });
  const clock = options.clock ?? SYSTEM_CLOCK;
  const topics = new Map(symbols.map((symbol) => [symbol, plan.topic.expand(() => symbol)]));
  return {
    async run(context) {
      const { signal } = context;
      const market = new Market({ symbols, seed, ticksPerSession: Math.round((perSecond * sessionMs) / 1000), last: options.last });
      // Not through the outlet, whose check of each update is most of the work at thousands a
      // second. The updates hold nothing of a stranger's.
      const publish = async (count: number): Promise<void> => {
        const time = new Date(clock.now()).toISOString();
        for (let done = 0; done < count; done += MAX_BATCH) {
          const updates = Array.from({ length: Math.min(count - done, MAX_BATCH) }, (): TextUpdate => {
            const tick = market.next();
            const data = JSON.stringify({ ...tick, time, simulated: true } satisfies Quote);
            return { topic: topics.get(tick.symbol) ?? "", type: plan.type, data, private: options.private };
          });
          await context.publish(updates);
          context.report({ kind: "published", updates: updates.length });
        }
      };
      if (signal.aborted) return;
      // The opening, so that a new subscriber finds a price of each symbol.
      await publish(symbols.length);
      let startMs = clock.now();
      let done = 0;
      let warned = false;
      while (!signal.aborted) {
        const dueNext = startMs + (Math.floor((clock.now() - startMs) / TICK_MS) + 1) * TICK_MS;
        await clock.sleep(dueNext - clock.now(), signal);
        if (signal.aborted) return;
        const behindMs = clock.now() - startMs - (done / perSecond) * 1000;
        if (behindMs > MAX_BEHIND_MS + TICK_MS + 1000 / perSecond) {
          startMs += behindMs - MAX_BEHIND_MS;
          if (!warned) context.report({ kind: "warning", message: slowMessage(perSecond) });
          warned = true;
        }
        const due = Math.floor(((clock.now() - startMs) * perSecond) / 1000) - done;
        if (due <= 0) continue;
        await publish(due);
        done += due;
      }
    },
  };
}

function slowMessage(perSecond: number): string {
  return `The hub does not take ${perSecond} prices a second (ticksPerSecond), so the simulated market makes fewer.`;
}

function symbolsOf({ symbols = 20 }: SimulatedQuotesOptions, plan: QuotesPlan): readonly string[] {
  const most = Math.min(MAX_SYMBOLS, plan.maxSymbols);
  if (typeof symbols === "number") {
    const count = bounded("symbols", symbols, { fallback: 20, min: 1, max: most });
    if (!Number.isInteger(count)) throw new TypeError(`symbols: ${count} is not a whole number.`);
    return inventSymbols(count);
  }
  if (symbols.length === 0 || symbols.length > most) throw new TypeError(`symbols: name 1 to ${most}, not ${symbols.length}.`);
  const bad = symbols.find((symbol) => symbol === "" || symbol.length > 64 || plan.topic.expand(() => symbol) === undefined);
  if (bad !== undefined) throw new TypeError(`symbols: ${JSON.stringify(bad)} can't be one.`);
  if (new Set(symbols).size < symbols.length) throw new TypeError("symbols: one is there twice.");
  return symbols;
}
