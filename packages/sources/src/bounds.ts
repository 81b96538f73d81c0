/** What a number may be. */
export interface Bounds {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
}

/**
 * A number that was given, or what holds where none was.
 *
 * @param name - The option, for the error.
 * @throws TypeError when it is not a number within the bounds, which are included.
 */
export function bounded(name: string, value: number | undefined, { fallback, min, max }: Bounds): number {
  if (value === undefined) return fallback;
  if (value >= min && value <= max) return value;
  throw new TypeError(`${name}: ${value} is not a number from ${min} to ${max}.`);
}
