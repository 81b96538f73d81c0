/** Why a token is refused, in words for the hub's log and for `explain`; whoever presented it never sees them. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** Shows a value of a token in a sentence: quoted, so that it cannot pass for part of the sentence, and cut. */
export function quote(value: unknown): string {
  // Nested values are not shown: writing out a very deep one would exhaust the stack.
  if (Array.isArray(value) && value.some((entry) => typeof entry === "object" && entry !== null)) return "an array of objects";
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return "an object";
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
