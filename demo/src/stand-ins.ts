// A replacement of a function that is newer than the oldest browsers, for code that the server and
// the pages share. See packages/ui/src/oldest-browsers.ts.

/** Like `URL.canParse()`. */
export function isUrl(text: string): boolean {
  try {
    return new URL(text) instanceof URL;
  } catch {
    return false; // The exception is the answer.
  }
}
