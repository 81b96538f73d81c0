/** The names of a type's members. A missing member does not compile. */
export type Names<T> = Readonly<Record<keyof T, true>>;

/**
 * Rejects unknown names in an object. A misspelt `deliver_at` would publish at once. The files of
 * the client import nothing from outside their folder, so that a page can load them as they are.
 *
 * @param what - The object's name in the error, such as "An update".
 * @throws TypeError with the valid names.
 */
export function checkNames<T>(given: object, known: Names<T>, what: string): void {
  for (const name in given) {
    if (!Object.hasOwn(known, name)) throw new TypeError(`${what} has no \`${name}\`. Known are ${Object.keys(known).join(", ")}.`);
  }
}
