/** The names of a type's members. A member that is not named does not compile. */
export type Names<T> = Readonly<Record<keyof T, true>>;

/**
 * Checks that an object has no names but these: a misspelt `deliver_at` would publish at once. The files of the client import nothing from outside
 * their folder, so that a page can load them as they are.
 *
 * @param what - How the error names the object, such as "An update".
 * @throws TypeError with the names that there are.
 */
export function checkNames<T>(given: object, known: Names<T>, what: string): void {
  for (const name in given) {
    if (!Object.hasOwn(known, name)) throw new TypeError(`${what} has no \`${name}\`. Known are ${Object.keys(known).join(", ")}.`);
  }
}
