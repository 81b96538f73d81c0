/**
 * A media type of the hub's answers. The text is UTF-8, so a range with that charset matches too.
 */
type MediaType = "application/json" | "application/ld+json" | "text/event-stream" | "text/plain";

/** How closely a range describes a media type. */
const CLOSENESS = { any: 0, group: 1, exact: 2, withCharset: 3 };

/** The weight of a range. An unreadable weight makes the range count for nothing. */
const WEIGHT = /^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;

/**
 * Whether an `Accept` field prefers JSON to the usual media type of an answer. Equal weights are no
 * preference. Axios and Angular name JSON first, then text, and read text answers as well.
 */
export function prefersJson(accept: string | undefined, usual: "text/plain" | "text/event-stream"): boolean {
  if (accept === undefined || accept === "*/*") return false;
  return findRange(accept, "application/json").weight > findRange(accept, usual).weight;
}

/**
 * Whether an `Accept` field is that of an `EventSource`, which a failure status would stop
 * permanently. A poll reads its status.
 */
export function isOfEventSource(accept: string | undefined): boolean {
  return acceptsByName(accept, "text/event-stream") && !prefersJson(accept, "text/event-stream");
}

/**
 * Whether an `Accept` field names a media type explicitly, without `*`, and does not exclude it.
 */
export function acceptsByName(accept: string | undefined, type: MediaType): boolean {
  if (accept === undefined) return false;
  const { closeness, weight } = findRange(accept, type);
  return closeness >= CLOSENESS.exact && weight > 0;
}

/**
 * Finds the range of an `Accept` field that counts for a media type: the closest one, in any order.
 *
 * @returns Its weight from 0 to 1, or 0 if no range has the type.
 * @see RFC 9110, 12.5.1.
 */
function findRange(accept: string, type: MediaType): { readonly closeness: number; readonly weight: number } {
  let found = { closeness: -1, weight: 0 };
  for (const element of splitOutsideQuotes(accept, ",")) {
    const [range = "", ...parameters] = splitOutsideQuotes(element, ";").map((part) => part.trim().toLowerCase());
    const weightAt = parameters.findIndex((parameter) => parameter.startsWith("q="));
    const written = weightAt < 0 ? "q=1" : (parameters[weightAt] as string);
    const closeness = closenessOf(range, weightAt < 0 ? parameters : parameters.slice(0, weightAt), type);
    if (closeness === undefined || closeness < found.closeness || !WEIGHT.test(written)) continue;
    const weight = Number(written.slice(2));
    if (closeness > found.closeness || weight > found.weight) found = { closeness, weight };
  }
  return found;
}

function closenessOf(range: string, parameters: readonly string[], type: MediaType): number | undefined {
  const named = parameters.filter((parameter) => parameter !== "");
  if (!named.every((parameter) => /^charset="?utf-8"?$/.test(parameter))) return undefined;
  if (range === type) return named.length > 0 ? CLOSENESS.withCharset : CLOSENESS.exact;
  if (named.length > 0) return undefined;
  if (range === `${type.slice(0, type.indexOf("/"))}/*`) return CLOSENESS.group;
  return range === "*/*" ? CLOSENESS.any : undefined;
}

function splitOutsideQuotes(text: string, separator: string): readonly string[] {
  if (!text.includes('"')) return text.split(separator);
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') quoted = !quoted;
    else if (character === "\\" && quoted) i++;
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
