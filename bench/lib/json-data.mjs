// What an application sends: 1 kB of JSON with names that repeat and values that don't.
import { seeded } from "./random.mjs";

const STATES = ["open", "filled", "cancelled", "pending"];
const SYMBOLS = ["ACME", "GLOB", "INIT", "UMBR", "STRK", "WAYN", "HOOL", "PIED"];
const LENGTH = 1000;

// Stands for the load generator's, of the same length.
const MARKER = "artesian-bench.0123456789.";

/** A list of orders, one after another. */
export function jsonText() {
  const next = seeded(20_261_122);
  const random = (/** @type {number} */ below) => Math.floor(next() * below);
  let id = 48_210_377;
  let at = 1_767_225_600_000;
  const order = () => ({
    id: (id += 1 + random(20)),
    symbol: SYMBOLS[random(SYMBOLS.length)],
    side: random(2) === 0 ? "buy" : "sell",
    price: random(100_000) / 100,
    quantity: random(5000),
    state: STATES[random(STATES.length)],
    at: new Date((at += random(5000))).toISOString(),
  });
  /** @type {object[]} */
  const orders = [];
  const write = (note = "") => JSON.stringify({ update: MARKER, orders, note });
  while (write().length < LENGTH) orders.push(order());
  orders.pop();
  const rest = Array.from({ length: LENGTH - write().length }, () => random(36).toString(36)).join("");
  return write(rest);
}

/** The same as a pattern for the load generator: form-encoded, with its marker in it. */
export const jsonData = () => encodeURIComponent(jsonText()).replace(MARKER, "{marker}");
