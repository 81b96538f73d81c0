/** The names of a type's members. A missing member does not compile. */
export function namesOf<T>(names: Readonly<Record<keyof T, true>>): ReadonlySet<string> {
  return new Set(Object.keys(names));
}

/**
 * Checks that an object has no other names, because a misspelt option would be ignored silently.
 *
 * @param what - How the error names the object, such as "An update".
 * @throws TypeError with the name that was probably meant.
 */
export function checkNames(given: object, known: ReadonlySet<string>, what: string): void {
  for (const name in given) {
    if (!known.has(name)) throw new TypeError(`${what} has no \`${name}\`${suggestion(name, [...known])}`);
  }
}

/**
 * Makes the end of a sentence about an unknown name: the name that was probably meant, or all known
 * names.
 */
export function suggestion(name: string, known: readonly string[]): string {
  const meant = closest(name, known);
  return meant === undefined ? `. Known are ${known.map((one) => `\`${one}\``).join(", ")}.` : `. Write \`${meant}\`.`;
}

/** @returns The known name that differs only by case, a few letters or its end. */
export function closest(name: string, known: readonly string[]): string | undefined {
  const plain = name.toLowerCase().replaceAll(/[-_]/g, "");
  const distances = known.map((one) => [distance(plain, one.toLowerCase()), one] as const).toSorted(([a], [b]) => a - b);
  const [nearest] = distances;
  if (nearest !== undefined && nearest[0] <= Math.max(1, Math.floor(plain.length / 4))) return nearest[1];
  return plain.length < 3 ? undefined : known.find((one) => one.toLowerCase().startsWith(plain) || plain.startsWith(one.toLowerCase()));
}

/**
 * Counts the letters that must be put in, left out, replaced or swapped with their neighbour to
 * turn one text into the other (optimal string alignment).
 */
function distance(a: string, b: string): number {
  // A name with such a difference in length is no slip of the hand, and would take long.
  if (Math.abs(a.length - b.length) > 8) return Infinity;
  let earlier: readonly number[] = [];
  let before: readonly number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (before[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? (earlier[j - 2] as number) + 1 : Infinity;
      row.push(Math.min((before[j] as number) + 1, (row[j - 1] as number) + 1, replaced, swapped));
    }
    [earlier, before] = [before, row];
  }
  return before[b.length] as number;
}
