/** Checks shared by the library's options and the command's settings. */

/**
 * Whether a path is plain, so that no proxy or browser rewrites it. The root is excluded, because
 * everything below it would be the hub's.
 */
export function isHubPath(path: string): boolean {
  return /^(\/[\w.~-]+)+$/.test(path) && new URL(path, "http://h").pathname === path;
}

/** Whether a text is a URL, or another absolute identifier, that can be compared literally. */
export function isIdentifier(value: string): boolean {
  return /^[\x21-\x7E]+$/.test(value) && URL.canParse(value);
}

/** Whether a cookie can have this name. */
export function isCookieName(value: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(value);
}
