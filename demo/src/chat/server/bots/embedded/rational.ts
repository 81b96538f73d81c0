/** A fraction in lowest terms, with a positive denominator. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
  /** Whether no step rounded. */
  readonly exact: boolean;
}

/** Why a sum has no value that can be written down. */
export type NoValue = "zero" | "large" | "root";

/** Thrown by every operation that has no value. */
export class NoValueError extends Error {
  override readonly name = "NoValueError";
  readonly reason: NoValue;

  constructor(reason: NoValue) {
    super(reason);
    this.reason = reason;
  }
}

/** Largest numerator and denominator, in bits. Bounds the time and memory of every operation. */
const MAX_BITS = 16_384;

/** Digits that are written of a number that does not end. */
const SIGNIFICANT_DIGITS = 12;

/** Most digits of a whole number, and of a fraction's end, that are written out. */
const MAX_DIGITS = 40;
const MAX_DECIMALS = 20;

function bitsOf(value: bigint): number {
  return value.toString(16).length * 4;
}

/** @throws NoValueError for a denominator of zero, and for numbers beyond the bound. */
function rational(numerator: bigint, denominator: bigint, exact: boolean): Rational {
  if (denominator === 0n) throw new NoValueError("zero");
  if (bitsOf(numerator) > MAX_BITS || bitsOf(denominator) > MAX_BITS) throw new NoValueError("large");
  const divisor = greatestDivisor(numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator);
  const sign = denominator < 0n ? -1n : 1n;
  return { numerator: (sign * numerator) / divisor, denominator: (sign * denominator) / divisor, exact };
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  let [one, other] = [a, b];
  while (other !== 0n) [one, other] = [other, one % other];
  return one === 0n ? 1n : one;
}

/** @param text - Digits with an optional point (`0.1`). */
export function fromDecimal(text: string): Rational {
  const [whole = "", decimals = ""] = text.split(".");
  return rational(BigInt(whole + decimals || "0"), 10n ** BigInt(decimals.length), true);
}

export function add(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator, a.exact && b.exact);
}

export function negate(a: Rational): Rational {
  return { ...a, numerator: -a.numerator };
}

export function multiply(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.numerator, a.denominator * b.denominator, a.exact && b.exact);
}

/** @throws NoValueError for a division by zero. */
export function divide(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator, a.denominator * b.numerator, a.exact && b.exact);
}

/** The rest of a division, which has the sign of the divisor. */
export function remainder(a: Rational, b: Rational): Rational {
  const { numerator, denominator } = divide(a, b);
  const whole = numerator / denominator;
  const floor = numerator < 0n && whole * denominator !== numerator ? whole - 1n : whole;
  return add(a, negate(multiply(b, { numerator: floor, denominator: 1n, exact: true })));
}

/** @throws NoValueError for a result beyond the bound, and for an even root of a negative number. */
export function power(base: Rational, exponent: Rational): Rational {
  if (exponent.denominator === 2n && exponent.numerator === 1n) return squareRoot(base);
  if (exponent.denominator !== 1n) {
    if (base.numerator < 0n) throw new NoValueError("root");
    return rounded(toNumber(base) ** toNumber(exponent));
  }
  const times = exponent.numerator < 0n ? -exponent.numerator : exponent.numerator;
  if (base.numerator === 0n && exponent.numerator < 0n) throw new NoValueError("zero");
  const isUnit = base.denominator === 1n && base.numerator >= -1n && base.numerator <= 1n;
  if (!isUnit && BigInt(bitsOf(base.numerator) + bitsOf(base.denominator) - 7) * times > BigInt(MAX_BITS)) throw new NoValueError("large");
  const by = isUnit ? times % 2n || (times === 0n ? 0n : 2n) : times;
  const [up, down] = [base.numerator ** by, base.denominator ** by];
  return exponent.numerator < 0n ? rational(down, up, base.exact) : rational(up, down, base.exact);
}

export function squareRoot(value: Rational): Rational {
  if (value.numerator < 0n) throw new NoValueError("root");
  const [up, down] = [wholeRoot(value.numerator), wholeRoot(value.denominator)];
  if (up !== undefined && down !== undefined) return rational(up, down, value.exact);
  return rounded(Math.sqrt(toNumber(value)));
}

/** The square root, if it is a whole number. */
function wholeRoot(value: bigint): bigint | undefined {
  const near = BigInt(Math.round(Math.sqrt(Number(value) > Number.MAX_SAFE_INTEGER ** 2 ? 0 : Number(value))));
  return near * near === value ? near : undefined;
}

function toNumber({ numerator, denominator }: Rational): number {
  const [up, down] = [Number(numerator), Number(denominator)];
  if (!Number.isFinite(up) || !Number.isFinite(down)) throw new NoValueError("large");
  return up / down;
}

function rounded(value: number): Rational {
  if (!Number.isFinite(value)) throw new NoValueError("large");
  const [digits = "0", power = "0"] = value.toExponential(15).split("e");
  const decimal = fromDecimal(digits.replace("-", ""));
  const scale: Rational = { numerator: 10n ** BigInt(Math.abs(Number(power))), denominator: 1n, exact: true };
  const size = Number(power) < 0 ? divide(decimal, scale) : multiply(decimal, scale);
  return { ...(value < 0 ? negate(size) : size), exact: false };
}

/** A number for people, and whether the digits are all of it. */
export function written(value: Rational): { readonly text: string; readonly exact: boolean } {
  const { numerator, denominator } = value;
  const sign = numerator < 0n ? "-" : "";
  const size = numerator < 0n ? -numerator : numerator;
  if (value.exact && denominator === 1n && size.toString().length <= MAX_DIGITS) return { text: sign + size.toString(), exact: true };
  for (let decimals = 1, scale = 10n; value.exact && decimals <= MAX_DECIMALS; decimals++, scale *= 10n) {
    if ((size * scale) % denominator !== 0n) continue;
    const digits = ((size * scale) / denominator).toString().padStart(decimals + 1, "0");
    if (digits.length > MAX_DIGITS) break;
    return { text: `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`, exact: true };
  }
  return { text: sign + significant(size, denominator), exact: false };
}

/** The first digits of a positive fraction, half up, with a power of ten if it is far from one. */
function significant(up: bigint, down: bigint): string {
  let power = up.toString().length - down.toString().length;
  const scaled = (shift: number): bigint =>
    shift >= 0
      ? (2n * up * 10n ** BigInt(shift) + down) / (2n * down)
      : (2n * up + down * 10n ** BigInt(-shift)) / (2n * down * 10n ** BigInt(-shift));
  let digits = scaled(SIGNIFICANT_DIGITS - 1 - power).toString();
  if (digits.length < SIGNIFICANT_DIGITS) digits = scaled(SIGNIFICANT_DIGITS - 1 - --power).toString();
  if (digits.length > SIGNIFICANT_DIGITS) digits = scaled(SIGNIFICANT_DIGITS - 1 - ++power).toString();
  const trimmed = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (power < -6 || power >= SIGNIFICANT_DIGITS + 3) return `${trimmed(`${digits[0]}.${digits.slice(1)}`)} × 10^${power}`;
  if (power < 0) return trimmed(`0.${"0".repeat(-power - 1)}${digits}`);
  const whole = digits.slice(0, power + 1).padEnd(power + 1, "0");
  return trimmed(`${whole}.${digits.slice(power + 1)}`);
}
