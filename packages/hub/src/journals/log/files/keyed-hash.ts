/**
 * Hashes of event ids and of idempotency keys. They differ for equal texts, so that no id that a
 * publisher chooses stands in the way of a key.
 */
export interface TextHashes {
  readonly ids: KeyedHash;
  readonly keys: KeyedHash;
}

/**
 * A short hash of bytes under a secret key: HalfSipHash-2-4 with a result of 32 bits. Nobody without
 * the key can choose ids whose hashes are equal, which would make look-ups slow.
 */
export class KeyedHash {
  readonly #k0: number;
  readonly #k1: number;

  constructor(k0: number, k1: number) {
    this.#k0 = k0 | 0;
    this.#k1 = k1 | 0;
  }

  /** @returns From 0 to 2^32 - 1. */
  of(bytes: Uint8Array, start: number, end: number): number {
    let v0 = this.#k0;
    let v1 = this.#k1;
    let v2 = this.#k0 ^ 0x6c796765;
    let v3 = this.#k1 ^ 0x74656462;
    const words = start + ((end - start) & ~3);
    let word = 0;
    // The last word has the bytes that are left, and the length. Four more rounds end the hash.
    for (let at = start; at <= words + 4; at += 4) {
      const isEnd = at > words;
      if (isEnd) v2 ^= 0xff;
      else {
        word = at === words ? (end - start) << 24 : 0;
        for (let i = Math.min(3, end - at - 1); i >= 0; i--) word |= (bytes[at + i] as number) << (8 * i);
        v3 ^= word;
      }
      for (let round = isEnd ? 4 : 2; round > 0; round--) {
        v0 = (v0 + v1) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      if (!isEnd) v0 ^= word;
    }
    return (v1 ^ v3) >>> 0;
  }
}
