import { decodeAddress } from "./entities.ts";

/** Longest address, in characters. */
const MAX_LENGTH = 2048;

/** Tracking parameters, which identify the reader's origin and not the page. */
const TRACKING = /^(?:utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid|yclid|_hs\w+|at_\w+|cmpid|ftag|ito|ns_\w+|xtor|rss)$/i;

/** Tracking parameters in a fragment. */
const TRACKING_FRAGMENT = /^#(?:xtor|utm_\w+|ref|rss|at_\w+|ftag)(?:=|$)/i;

/**
 * Returns the part of an address that survives a move to https and a reader count. Scheme, `www.`,
 * tracking and the slash at the end are removed.
 *
 * @param link - A link from {@link safeLink}.
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
 * Resolves a feed's link to an absolute address, if the address is safe. Only http and https are
 * allowed, so no `javascript:` and no `data:`. A user name before the host is not allowed, because
 * it passes one site off as another.
 *
 * @param base - Base of a relative link.
 */
export function safeLink(link: string | undefined, base: string): string | undefined {
  const trimmed = decodeAddress(link?.trim() ?? "");
  if (trimmed === "" || trimmed.length > MAX_LENGTH || !URL.canParse(trimmed, base)) return undefined;
  const url = new URL(trimmed, base);
  if (!/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  return url.href.length > MAX_LENGTH ? undefined : url.href;
}
