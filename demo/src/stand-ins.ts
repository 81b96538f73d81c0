// Replacements of functions that are newer than the oldest browsers, for code that the server and
// the pages share. See packages/ui/src/oldest-browsers.ts.

const LONE_SURROGATES = /\p{Surrogate}/gu;

/** Like `URL.canParse()`. */
export function isUrl(text: string): boolean {
  try {
    return new URL(text) instanceof URL;
  } catch {
    return false; // The exception is the answer.
  }
}

/** Like `isWellFormed()`. */
export function isWellFormed(text: string): boolean {
  return text.search(LONE_SURROGATES) < 0;
}
