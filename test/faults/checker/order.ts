/** A run of updates of which someone says that they are in this order. */
export interface Sequence {
  /** Who says so. */
  readonly by: string;
  /** Numbers of updates, each at most once. */
  readonly updates: readonly number[];
}

/** The one order that all sequences agree on; or where they do not. */
export interface Order {
  /** Of each update, its place. Updates that no sequence compares have places, too: any. */
  readonly places: Int32Array;
  /** Each a way round through the sequences: every update is said to come before the next one, and the last before the first. */
  readonly conflicts: readonly Conflict[];
}

export type Conflict = readonly { readonly update: number; readonly by: string }[];

const NEW = 0;
const OPEN = 1;
const DONE = 2;

/**
 * Merges sequences into one order: a depth-first search, whose edges lead from each update to the one that follows it in a sequence. The
 * sequences have a common order exactly when no edge leads back to an update that the search is still in.
 */
export function mergeOrder(count: number, sequences: readonly Sequence[]): Order {
  const graph = createGraph(count, sequences);
  const state = new Uint8Array(count);
  const places = new Int32Array(count);
  const conflicts: Conflict[] = [];
  // Of each open update, the next edge to follow.
  const cursor = Uint32Array.from(graph.first.subarray(0, count));
  let place = count;
  for (let root = 0; root < count; root++) {
    if (state[root] !== NEW) continue;
    const path = [root];
    state[root] = OPEN;
    while (path.length > 0) {
      const update = path[path.length - 1] as number;
      const edge = cursor[update] as number;
      if (edge === (graph.first[update + 1] as number)) {
        state[update] = DONE;
        places[update] = --place;
        path.pop();
        continue;
      }
      cursor[update] = edge + 1;
      const next = graph.target[edge] as number;
      if (state[next] === NEW) {
        state[next] = OPEN;
        path.push(next);
      } else if (state[next] === OPEN) {
        const round = path.slice(path.lastIndexOf(next));
        // The cursor of each stands behind the edge that it was left by.
        conflicts.push(
          round.map((each) => ({ update: each, by: sequences[graph.sequence[(cursor[each] as number) - 1] as number]?.by ?? "" })),
        );
      }
    }
  }
  return { places, conflicts };
}

interface Graph {
  /** Where the edges of each update begin; one more at the end. */
  readonly first: Uint32Array;
  readonly target: Uint32Array;
  /** Which sequence each edge is of. */
  readonly sequence: Uint32Array;
}

function createGraph(count: number, sequences: readonly Sequence[]): Graph {
  const first = new Uint32Array(count + 1);
  let edges = 0;
  for (const { updates } of sequences) {
    for (let i = 0; i + 1 < updates.length; i++, edges++) first[(updates[i] as number) + 1]! += 1;
  }
  for (let i = 0; i < count; i++) first[i + 1]! += first[i] as number;
  const target = new Uint32Array(edges);
  const sequence = new Uint32Array(edges);
  const free = Uint32Array.from(first);
  sequences.forEach(({ updates }, index) => {
    for (let i = 0; i + 1 < updates.length; i++) {
      const slot = free[updates[i] as number]!++;
      target[slot] = updates[i + 1] as number;
      sequence[slot] = index;
    }
  });
  return { first, target, sequence };
}
