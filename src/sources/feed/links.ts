/** Longest address that is kept, in characters. */
const MAX_LENGTH = 2048;

/**
 * Makes an absolute address of a feed's link, if it is one to follow: http or https, so no `javascript:` and no
 * `data:`; without a name before the host, which passes one site off as another.
 *
 * @param base - What a relative one is relative to.
 */
export function safeLink(link: string | undefined, base: string): string | undefined {
  const trimmed = link?.trim() ?? "";
  if (trimmed === "" || trimmed.length > MAX_LENGTH || !URL.canParse(trimmed, base)) return undefined;
  const url = new URL(trimmed, base);
  if (!/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  return url.href.length > MAX_LENGTH ? undefined : url.href;
}
