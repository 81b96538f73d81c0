/** A buffer of more bytes than this is not kept for the next use. */
const KEPT_BYTES = 1024 * 1024;
const FIRST_BYTES = 16 * 1024;
/** Longest text, in UTF-16 units, whose length surely takes one byte. */
const SHORT_UNITS = 21;

/** Writes numbers and texts into a buffer that grows. */
export class ByteWriter {
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** Number of bytes written. */
  length = 0;

  /** Begins again with an empty buffer. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  /** Makes room for more bytes. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    this.length = this.bytes.writeUInt32LE(value, this.length);
  }

  double(value: number): void {
    this.reserve(8);
    this.length = this.bytes.writeDoubleLE(value, this.length);
  }

  /** @param value - A whole number from 0 to 2^53 - 1. Small numbers take one byte. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.bytes[this.length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.length++] = rest;
  }

  /**
   * Writes a text with its length. A text with a lone surrogate is written in UTF-16, because UTF-8
   * has no form for it.
   */
  text(text: string): void {
    const isUtf8 = text.isWellFormed();
    if (isUtf8 && text.length <= SHORT_UNITS) {
      this.reserve(1 + 3 * text.length);
      const written = this.bytes.write(text, this.length + 1);
      this.bytes[this.length] = 2 * written;
      this.length += 1 + written;
      return;
    }
    const length = isUtf8 ? Buffer.byteLength(text) : 2 * text.length;
    this.varint(2 * length + (isUtf8 ? 0 : 1));
    this.content(text, length, isUtf8);
  }

  /** Writes a text without its length. @param length - In bytes. */
  content(text: string, length: number, isUtf8: boolean): void {
    this.reserve(length);
    this.length += isUtf8 ? this.bytes.write(text, this.length) : this.bytes.write(text, this.length, "utf16le");
  }

  /** @returns The written bytes, in a buffer of their own. */
  copy(): Buffer {
    const copy = Buffer.allocUnsafe(this.length);
    this.bytes.copy(copy, 0, 0, this.length);
    return copy;
  }
}

/** Bytes that are not in the expected form. */
export class Malformed extends Error {
  override readonly name = "Malformed";

  constructor() {
    super("The bytes are not in the form of this version.");
  }
}

/** Reads the form of {@link ByteWriter}. Each method throws {@link Malformed} beyond the end. */
export class ByteReader {
  bytes: Buffer;
  /** Index of the next byte. */
  at: number;
  end: number;

  constructor(bytes: Buffer, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** Steps over bytes. @returns The index of the first. */
  skip(length: number): number {
    const { at } = this;
    if (length > this.end - at) throw new Malformed();
    this.at = at + length;
    return at;
  }

  byte(): number {
    return this.bytes[this.skip(1)] as number;
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.skip(4));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.skip(8));
  }

  varint(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.byte();
      value += (byte & 127) * unit;
      if (byte < 128) break;
    }
    if (!Number.isSafeInteger(value)) throw new Malformed();
    return value;
  }

  text(): string {
    const length = this.varint();
    const at = this.skip(Math.floor(length / 2));
    return this.bytes.toString(length % 2 === 0 ? "utf8" : "utf16le", at, this.at);
  }

  /** Steps over a text. */
  skipText(): void {
    this.skip(Math.floor(this.varint() / 2));
  }
}
