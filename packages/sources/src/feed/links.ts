import { decodeAddress } from "./entities.ts";

/** Longest address that is kept, in characters. */
const MAX_LENGTH = 2048;

/** Parameters that tell where a reader came from, and nothing of the page. */
const TRACKING = /^(?:utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid|yclid|_hs\w+|at_\w+|cmpid|ftag|ito|ns_\w+|xtor|rss)$/i;

/** The same in a fragment. */
const TRACKING_FRAGMENT = /^#(?:xtor|utm_\w+|ref|rss|at_\w+|ftag)(?:=|$)/i;

/**
 * Makes of an address what stays of it when a site moves to https or counts its readers: without scheme, `www.`, tracking and the
 * slash at the end.
 *
 * @param link - One that {@link safeLink} has made.
 */
export function bareLink(link: string): string {
  const url = new URL(link);
  const query = url.search
    .slice(1)
    .split("&")
    .filter((part) => part !== "" && !TRACKING.test(part.replace(/=.*/s, "")));
  const fragment = TRACKING_FRAGMENT.test(url.hash) ? "" : url.hash;
  return `${url.host.replace(/^www\./, "")}${url.pathname.replace(/\/+$/, "")}?${query.join("&")}${fragment}`;
}

/**
 * Makes an absolute address of a feed's link, if it is one to follow: http or https, so no `javascript:` and no
 * `data:`; without a name before the host, which passes one site off as another.
 *
 * @param base - What a relative one is relative to.
 */
export function safeLink(link: string | undefined, base: string): string | undefined {
  const trimmed = decodeAddress(link?.trim() ?? "");
  if (trimmed === "" || trimmed.length > MAX_LENGTH || !URL.canParse(trimmed, base)) return undefined;
  const url = new URL(trimmed, base);
  if (!/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  return url.href.length > MAX_LENGTH ? undefined : url.href;
}
