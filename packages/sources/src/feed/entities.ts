import { decodeHTML } from "entities";

/**
 * Replaces character references once, as a browser does. `&#146;` is a quote, and the semicolon of
 * old names may be missing. An unknown name stays unchanged.
 *
 * @see https://html.spec.whatwg.org/multipage/parsing.html#character-reference-state
 */
export function decodeEntities(text: string): string {
  return text.includes("&") ? decodeHTML(text) : text;
}

/**
 * Replaces the ampersands of an address that was escaped for HTML and then for XML. In `&copy=2`,
 * `copy` is a name of the query.
 */
export function decodeAddress(address: string): string {
  let text = address;
  for (let times = 0; times < MAX_ESCAPES && AMPERSAND.test(text); times++) text = text.replaceAll(new RegExp(AMPERSAND, "gi"), "&");
  return text;
}

const AMPERSAND = /&(?:amp|#0{0,5}38|#x0{0,4}26);/i;
const MAX_ESCAPES = 3;
