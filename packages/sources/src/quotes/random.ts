/** Pseudo-random numbers, the same for the same seed on every machine. */
export interface Random {
  /** From 0 (inclusive) to 1 (exclusive). */
  next(): number;
  /** Mean 0, deviation 1, between about -3.5 and 3.5, so that no price leaps by accident. */
  bell(): number;
}

/**
 * xoshiro128** of David Blackman and Sebastiano Vigna, seeded by SplitMix32.
 *
 * @see https://prng.di.unimi.it/
 * @param seed - A whole number from 0 to 4,294,967,295.
 */
export function createRandom(seed: number): Random {
  let mix = seed | 0;
  const split = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
  let [a, b, c, d] = [split(), split(), split(), split()];
  const next = (): number => {
    const turned = Math.imul(b, 5);
    const result = Math.imul((turned << 7) | (turned >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result / 2 ** 32;
  };
  // The sum of four uniform numbers has deviation 1/√3.
  return { next, bell: () => (next() + next() + next() + next() - 2) * Math.sqrt(3) };
}
