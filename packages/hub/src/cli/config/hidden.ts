/** Stands for a secret. */
export const HIDDEN = "(hidden)";

/**
 * Hides the parts of a URL that may be secret: the user and the password, the query, and the
 * fragment. Text without a scheme stays.
 */
export function withoutSecrets(text: string): string {
  if (!/^[a-z][a-z\d+.-]*:/i.test(text)) return text;
  return (
    text
      // Up to the last @, because a password may have an unescaped one.
      .replace(/^([^:]+:(?:\/\/)?).*@/s, `$1${HIDDEN}@`)
      .replace(/\?[^#]*/, `?${HIDDEN}`)
      .replace(/#.*/s, `#${HIDDEN}`)
  );
}
