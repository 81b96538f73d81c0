// Numbers that look random and are the same in each run.

/**
 * A small generator of random numbers with a seed (a linear congruence modulo 2^32, of which the high bits are used).
 *
 * @param {number} seed
 * @returns {() => number} from 0 to below 1
 */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
