/**
 * Refuses the rest of an object whose known names were taken out. A misspelt `deliver_at` would
 * publish at once.
 *
 * @param what - Begins the error, such as "An update has no".
 * @throws TypeError with the first unknown name.
 */
export function refuseUnknown(rest: object, what = "There is no option"): void {
  for (const name in rest) throw new TypeError(`${what} \`${name}\`.`);
}

/**
 * Checks times, lengths and counts, by their names. The default replaces undefined.
 *
 * @throws TypeError for a value that is no number, or below 0.
 */
export function checkNumbers(options: object): void {
  for (const [name, value = 0] of Object.entries(options) as [string, unknown][]) {
    // Also NaN and texts.
    if (/^max|Ms$|^last$/.test(name) && value !== Math.abs(value as number)) throw new TypeError(`\`${name}\` is not a number from 0.`);
  }
}
