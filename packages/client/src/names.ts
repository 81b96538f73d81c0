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
 * Checks the types of options and arguments, by their names. The default replaces undefined.
 *
 * @throws TypeError for a value of another type. Times, lengths and counts are numbers from 0.
 */
export function checkTypes(options: object): void {
  for (const [name, value] of Object.entries({ ...options, options }) as [string, unknown][]) {
    const type = /^max|Ms$|^last$/.test(name)
      ? "number from 0"
      : /^(on|fet|lis)/.test(name)
        ? "function"
        : /^type|Key$/.test(name)
          ? "string"
          : /^(opt|sig)/.test(name)
            ? "object"
            : typeof value;
    // Also NaN.
    if (value !== undefined && (!type.startsWith(typeof value) || (typeof value === "number" && value !== Math.abs(value))))
      throw new TypeError(`\`${name}\` is no ${type}.`);
  }
}
