/**
 * The data of an update: its key, and the key again and again up to a length, in which a changed or missing byte shows.
 *
 * @param key - Without spaces.
 */
export function payloadOf(key: string, length: number): string {
  const count = Math.max(1, Math.ceil((length - key.length) / (key.length + 1)));
  return `${key} ${count}${` ${key}`.repeat(count)}`;
}

/** @returns The update's key; undefined when the data is not what {@link payloadOf} made. */
export function keyOf(data: string): string | undefined {
  const [key = "", count = "", ...repeats] = data.split(" ");
  return repeats.length === Number(count) && repeats.length > 0 && repeats.every((each) => each === key) ? key : undefined;
}
