import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { formatCursor, type IdCipher, parseCursor } from "../core/journal/cursor.ts";

/** Least length of the secret, in bytes, equal to that of the derived keys. */
export const MIN_SECRET_BYTES = 32;

const BLOCK_BYTES = 16;
/** Length of a block in base64url. */
const BLOCK_CHARACTERS = 22;
const EPOCH_BYTES = 8;
const IV_BYTES = 16;
/** Count of the numbers in four bytes. */
const WORD = 2 ** 32;

/**
 * Encrypts the hub's own event ids, so that they reveal neither order nor number. The same id
 * always has the same ciphertext, in every process with the secret. A text that was not encrypted
 * with the secret does not decrypt.
 *
 * A cursor of an ordinary journal fits into one AES block, which alone is enough. The cursor of a
 * journal with several partitions is longer, and is encrypted with a synthetic IV, the HMAC of the
 * text.
 *
 * @param secret - At least {@link MIN_SECRET_BYTES}. A string counts in UTF-8.
 * @throws TypeError for a shorter secret.
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
  /** Shared by all blocks. A new cipher for each would cost several times the encryption. */
  readonly #cipher: ReturnType<typeof createCipheriv>;
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  /** The latest result. Subscribers that connect together get the same id. */
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
    // Encryption is deterministic, so encrypting again proves the id. It also rejects other
    // base64url texts of the same bytes.
    return id !== undefined && this.seal(id) === sealed ? id : undefined;
  }

  #sealPosition({ epoch, offset }: { readonly epoch: string; readonly offset: number }): Buffer {
    const block = this.#block;
    block.write(epoch, "latin1");
    // Eleven bits stay zero, and the epoch has an alphabet. This tells a block of ours from a
    // guess.
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
    // Padded to whole blocks, so that the number of digits stays hidden.
    const text = Buffer.alloc(Math.ceil(id.length / BLOCK_BYTES) * BLOCK_BYTES);
    text.write(id, "latin1");
    const iv = this.#ivOf(text);
    return Buffer.concat([iv, createCipheriv("aes-256-ctr", this.#keys.text, iv).update(text)]);
  }

  #openText(bytes: Buffer): string | undefined {
    const iv = bytes.subarray(0, IV_BYTES);
    if (iv.length < IV_BYTES) return undefined;
    const text = createDecipheriv("aes-256-ctr", this.#keys.text, iv).update(bytes.subarray(IV_BYTES));
    // Most guesses end here. The others do not encrypt to the same text.
    return timingSafeEqual(this.#ivOf(text), iv) ? text.toString("latin1").replace(/\0+$/, "") : undefined;
  }

  #ivOf(text: Buffer): Buffer {
    return createHmac("sha256", this.#keys.iv).update(text).digest().subarray(0, IV_BYTES);
  }
}
