import { setImmediate as nextTurn } from "node:timers/promises";

/** Items visited in one turn of the event loop. */
const PER_TURN = 1000;

/** Visits items in order. Everything else has its turn in between. */
export async function inTurns<Item>(items: readonly Item[], visit: (item: Item) => void): Promise<void> {
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % PER_TURN === 0) await nextTurn();
    visit(item);
  }
}
