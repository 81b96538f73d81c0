import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { formatCursor, type IdCipher, parseCursor } from "../core/journal/cursor.ts";

/** Least length of the secret, in bytes: that of the keys that are made of it. */
export const MIN_SECRET_BYTES = 32;

const BLOCK_BYTES = 16;
/** A block in base64url. */
const BLOCK_CHARACTERS = 22;
const EPOCH_BYTES = 8;
const IV_BYTES = 16;
/** Numbers that four bytes hold. */
const WORD = 2 ** 32;

/**
 * Encrypts the hub's own event ids, so that they tell neither order nor number. The same id always has the same
 * ciphertext, in every process with the secret, and what was not encrypted with the secret does not decrypt.
 *
 * A position of an ordinary journal fits into one AES block, which alone says all. The place of a journal of several
 * partitions is longer: a synthetic IV, the HMAC of the text, encrypts that one.
 *
 * @param secret - At least {@link MIN_SECRET_BYTES}; a string counts in UTF-8.
 * @throws TypeError for a shorter one.
 * @see RFC 5297, "Synthetic Initialization Vector", for the construction; here with HMAC-SHA256.
 */
export function opaqueIds(secret: string | Uint8Array): IdCipher {
  const bytes = Buffer.from(secret);
  if (bytes.length < MIN_SECRET_BYTES) {
    throw new TypeError(`The secret of the opaque ids has ${bytes.length} bytes; at least ${MIN_SECRET_BYTES} are needed.`);
  }
  const keyFor = (use: string): Buffer => Buffer.from(hkdfSync("sha256", bytes, "", `artesian event ids: ${use}`, 32));
  return new OpaqueIds({ block: keyFor("block"), text: keyFor("text"), iv: keyFor("iv") });
}

interface Keys {
  readonly block: Buffer;
  readonly text: Buffer;
  readonly iv: Buffer;
}

class OpaqueIds implements IdCipher {
  readonly #keys: Keys;
  /** Kept for all blocks: a new cipher for each would cost several times the encryption. */
  readonly #cipher: ReturnType<typeof createCipheriv>;
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  /** The one that was asked for last: subscribers that come together are told the same. */
  #last = { id: "", sealed: "" };

  constructor(keys: Keys) {
    this.#keys = keys;
    this.#cipher = createCipheriv("aes-256-ecb", keys.block, null).setAutoPadding(false);
  }

  seal(id: string): string {
    if (id === this.#last.id) return this.#last.sealed;
    const position = parseCursor(id);
    const sealed = `#${(position === undefined ? this.#sealText(id) : this.#sealPosition(position)).toString("base64url")}`;
    this.#last = { id, sealed };
    return sealed;
  }

  open(sealed: string): string | undefined {
    if (!/^#[\w-]+$/.test(sealed)) return undefined;
    const bytes = Buffer.from(sealed.slice(1), "base64url");
    const id = sealed.length === 1 + BLOCK_CHARACTERS ? this.#openPosition(bytes) : this.#openText(bytes);
    // Deterministic, so that encrypting it again proves it; base64url has several texts for the same bytes, too.
    return id !== undefined && this.seal(id) === sealed ? id : undefined;
  }

  #sealPosition({ epoch, offset }: { readonly epoch: string; readonly offset: number }): Buffer {
    const block = this.#block;
    block.write(epoch, "latin1");
    // Eleven bits stay zero, and the epoch has an alphabet: this tells a block of ours from a guess.
    block.writeUInt32BE(Math.floor(offset / WORD), EPOCH_BYTES);
    block.writeUInt32BE(offset % WORD, EPOCH_BYTES + 4);
    return this.#cipher.update(block);
  }

  #openPosition(bytes: Buffer): string | undefined {
    const cipher = createDecipheriv("aes-256-ecb", this.#keys.block, null).setAutoPadding(false);
    const block = Buffer.concat([cipher.update(bytes), cipher.final()]);
    const offset = block.readUInt32BE(EPOCH_BYTES) * WORD + block.readUInt32BE(EPOCH_BYTES + 4);
    return Number.isSafeInteger(offset) ? formatCursor({ epoch: block.toString("latin1", 0, EPOCH_BYTES), offset }) : undefined;
  }

  #sealText(id: string): Buffer {
    // In whole blocks: the length of the digits is not to be seen.
    const text = Buffer.alloc(Math.ceil(id.length / BLOCK_BYTES) * BLOCK_BYTES);
    text.write(id, "latin1");
    const iv = this.#ivOf(text);
    return Buffer.concat([iv, createCipheriv("aes-256-ctr", this.#keys.text, iv).update(text)]);
  }

  #openText(bytes: Buffer): string | undefined {
    const iv = bytes.subarray(0, IV_BYTES);
    if (iv.length < IV_BYTES) return undefined;
    const text = createDecipheriv("aes-256-ctr", this.#keys.text, iv).update(bytes.subarray(IV_BYTES));
    // Most guesses end here; the rest does not encrypt to what was sent.
    return timingSafeEqual(this.#ivOf(text), iv) ? text.toString("latin1").replace(/\0+$/, "") : undefined;
  }

  #ivOf(text: Buffer): Buffer {
    return createHmac("sha256", this.#keys.iv).update(text).digest().subarray(0, IV_BYTES);
  }
}
