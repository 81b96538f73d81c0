/** A pattern that cannot be used. The message says what is wrong, and what to change. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}
