/** The allowed range of a number. */
export interface Bounds {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Returns the given number, or the fallback if none was given.
 *
 * @param name - The option's name, for the error.
 * @throws TypeError when the number is outside the inclusive bounds.
 */
export function bounded(name: string, value: number | undefined, { fallback, min, max }: Bounds): number {
  if (value === undefined) return fallback;
  if (value >= min && value <= max) return value;
  throw new TypeError(`${name}: ${value} is not a number from ${min} to ${max}.`);
}
