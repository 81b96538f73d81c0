// What an application sends: 1 kB of JSON with names that repeat and values that don't.

/** A small generator of numbers, so that the data is the same in each run: a linear congruence modulo 2^32. */
function seeded() {
  let state = 20_261_122;
  return (/** @type {number} */ below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const STATES = ["open", "filled", "cancelled", "pending"];
const SYMBOLS = ["ACME", "GLOB", "INIT", "UMBR", "STRK", "WAYN", "HOOL", "PIED"];
const LENGTH = 1000;

/** A list of orders, one after another, as a pattern for the load generator: form-encoded, with its marker in it. */
export function jsonData() {
  const random = seeded();
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
  // The marker's placeholder stands for 26 bytes.
  const marker = "artesian-bench.0123456789.";
  /** @type {object[]} */
  const orders = [];
  const write = (note = "") => JSON.stringify({ update: marker, orders, note });
  while (write().length < LENGTH) orders.push(order());
  orders.pop();
  const rest = Array.from({ length: LENGTH - write().length }, () => random(36).toString(36)).join("");
  return encodeURIComponent(write(rest)).replace(marker, "{marker}");
}
