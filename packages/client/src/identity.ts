/**
 * Names who a token is for, so that tabs share a stream with their own kind only. Two tokens of one
 * user differ in their times. A token that is no JWT stands for itself.
 *
 * @param parts - Everything else on which the hub's answer depends.
 * @returns A hash, because same-origin scripts can read the names of locks.
 */
export async function identify(token: string | undefined, parts: readonly unknown[]): Promise<string> {
  const text = JSON.stringify([token === undefined ? token : claimsOf(token), ...parts]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return String.fromCharCode(...new Uint8Array(hash));
}

function claimsOf(token: string): unknown {
  try {
    const payload = (token.split(".")[1] as string).replace(/-/g, "+").replace(/_/g, "/");
    return { ...(JSON.parse(atob(payload)) as object), iat: 0, exp: 0, nbf: 0, jti: 0 };
  } catch {
    return token;
  }
}
