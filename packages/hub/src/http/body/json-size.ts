import { HubError } from "../../core/errors.ts";
import { endOfText } from "./json-members.ts";

/** Most objects and lists in a document. JSON that is little else takes ten times as long to read as text of its length. */
export const MAX_JSON_PARTS = 100_000;

/** Most different names of members in a body. `JSON.parse` takes some microseconds for each name that is new to it. */
export const MAX_JSON_NAMES = 20_000;

const COLON = 0x3a;

/**
 * Looks whether a document has few enough objects and lists to be parsed. Brackets in texts are counted, too.
 *
 * @throws HubError `invalid_body`.
 */
export function checkJsonParts(text: string, what: string): void {
  if (text.length <= MAX_JSON_PARTS) return;
  let count = 0;
  for (const bracket of "[{") {
    for (let at = text.indexOf(bracket); at >= 0 && count <= MAX_JSON_PARTS; at = text.indexOf(bracket, at + 1)) count++;
  }
  if (count <= MAX_JSON_PARTS) return;
  throw new HubError("invalid_body", `${what} has more than ${MAX_JSON_PARTS} objects and lists. Send less at a time, or data as text.`);
}

/**
 * Looks whether a body has few enough different names to be parsed. Names that come again cost little, as in a list of points.
 *
 * @param text - JSON, or several lines of it. Of anything else the answer means nothing.
 * @throws HubError `invalid_body`.
 */
export function checkJsonNames(text: string): void {
  if (!hasColons(text)) return;
  const names = new Set<string>();
  for (let start = text.indexOf('"'), end = 0; start >= 0; start = text.indexOf('"', end + 1)) {
    end = endOfText(text, start);
    let next = end + 1;
    while (isSpace(text.charCodeAt(next))) next++;
    if (text.charCodeAt(next) !== COLON) continue;
    // With its quote: the hashes of names that are numbers can be made to collide.
    names.add(text.slice(start, end));
    if (names.size > MAX_JSON_NAMES) {
      throw new HubError("invalid_body", `The body has more than ${MAX_JSON_NAMES} different names. Send less at a time, or data as text.`);
    }
  }
}

/** Whether there are colons for too many names, in texts or outside of them. */
function hasColons(text: string): boolean {
  let count = 0;
  for (let at = text.indexOf(":"); at >= 0 && count <= MAX_JSON_NAMES; at = text.indexOf(":", at + 1)) count++;
  return count > MAX_JSON_NAMES;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
