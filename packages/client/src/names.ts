/**
 * Refuses the rest of an object whose known names were taken out. A misspelt `deliver_at` would
 * publish at once.
 *
 * @param what - The object's name in the error, such as "An update".
 * @throws TypeError with the first unknown name.
 */
export function refuseUnknown(rest: object, what: string): void {
  for (const name in rest) throw new TypeError(`${what} has no \`${name}\`.`);
}
