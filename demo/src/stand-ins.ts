// Functions that are newer than the oldest browsers, for what the server and the pages share: see packages/ui/src/oldest-browsers.ts.

const LONE_SURROGATES = /\p{Surrogate}/gu;

/** As `URL.canParse()`. */
export function isUrl(text: string): boolean {
  try {
    return new URL(text) instanceof URL;
  } catch {
    return false; // That is the answer.
  }
}

/** As `isWellFormed()`. */
export function isWellFormed(text: string): boolean {
  return text.search(LONE_SURROGATES) < 0;
}
