import { decodeHTML } from "entities";

/** Most characters of a service's words in the log. */
const MAX_WORDS = 300;

/** How far a text is searched for a page's marks, in characters. */
const HEAD_LENGTH = 4096;

/** The beginning of an HTML or XML page. */
const PAGE_START = /^\s*<(?:!doctype|!--|\?xml|html|head|body|title|meta|script|style)\b/i;

/** Elements of a page, which a text that was mislabelled as a page by default does not have. */
const PAGE_ELEMENT = /^\s*<|<\/?(?:html|head|body|title|form|input|div|p|a|br|script|span|table)\b[^<]*>/i;

/**
 * Whether a text is a web page, such as a login form or a proxy's error. The bytes decide, the
 * media type hints.
 */
export function isPage(text: string, mediaType: string): boolean {
  const head = text.slice(0, HEAD_LENGTH);
  return PAGE_START.test(head) || (/^(?:text\/html|application\/xhtml\+xml)$/.test(mediaType) && PAGE_ELEMENT.test(head));
}

/** The failure of a service that sent a web page, with the page's title. */
export function pageError(who: string, text: string): Error {
  const title = pageTitle(text);
  return new Error(`${who} answered with a web page${title === "" ? "" : `, “${title}”`}. Check its address and its key.`);
}

function pageTitle(text: string): string {
  const title = /<title[^>]{0,200}>([^<]{1,500})/i.exec(text.slice(0, 16 * HEAD_LENGTH))?.[1] ?? "";
  return printable(decodeHTML(title));
}

/**
 * The words of a service about its failure, short enough for the log. They are the message in JSON,
 * the title of a page, or the text.
 *
 * @returns An empty text if the service said nothing.
 */
export function serviceWords(text: string, mediaType: string): string {
  if (isPage(text, mediaType)) return pageTitle(text);
  try {
    return errorWords(JSON.parse(text));
  } catch {
    return printable(text);
  }
}

/** The message in an error's JSON, under the usual names of services, or else all of the JSON. */
export function errorWords(value: unknown): string {
  let inner: unknown = Array.isArray(value) ? value[0] : value;
  for (let depth = 0; depth < 4; depth++) {
    if (typeof inner !== "object" || inner === null) break;
    const { error, message, detail, title } = inner as Readonly<Record<string, unknown>>;
    const next = [error, message, detail, title].find((one) => one !== undefined && one !== null && one !== "");
    if (next === undefined) break;
    inner = next;
  }
  return printable(typeof inner === "string" ? inner : (JSON.stringify(inner) ?? ""));
}

/** Whether a member of JSON has a value. Absent, null and empty are the same. */
export function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

function printable(text: string): string {
  const line = text
    .slice(0, 4 * MAX_WORDS)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim()
    .toWellFormed();
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS - 1)}…` : line;
}
