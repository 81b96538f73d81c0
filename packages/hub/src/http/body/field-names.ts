/** The fields of an update, in a form and in JSON. */
const KNOWN: ReadonlySet<string> = new Set(["topic", "data", "id", "type", "retry", "private", "delay", "deliver_at", "ttl"]);

/** What other systems, the library and many a slip of the hand call these fields; letters only. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ...Array.from(KNOWN, (name): [string, string] => [name.replace("_", ""), name]),
  ...["topics", "channel", "channels", "match", "matchexact", "matches"].map((name): [string, string] => [name, "topic"]),
  ...["message", "payload", "content", "body"].map((name): [string, string] => [name, "data"]),
  ...["eventid", "ids"].map((name): [string, string] => [name, "id"]),
  ...["event", "eventtype", "types"].map((name): [string, string] => [name, "type"]),
  ["retryms", "retry"],
  ["delayms", "delay"],
  ["ttlms", "ttl"],
]);

/** Longest part of a stranger's name that is repeated. */
const NAME_CHARACTERS = 40;

/** Whether the hub reads a field of this name. */
export function isKnownField(name: string): boolean {
  return KNOWN.has(name);
}

/**
 * The field that a name nearly is, such as `topic` for `topics`, `Topic` and `topic[]`.
 *
 * @returns undefined for a name that is like none.
 */
export function meantField(name: string): string | undefined {
  return name.length > NAME_CHARACTERS ? undefined : MEANT.get(lettersOf(name));
}

/** A name's small letters of ASCII, without what frameworks and templates put in brackets behind it. */
function lettersOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/\[.*$/s, "")
    .replaceAll(/[^a-z]/g, "");
}

/** Words that people put around the name of a yes or no. */
const AROUND = /^(?:is|be|make|set|update|event|message)|(?:update|event|message|flag)s?$/g;

/**
 * Whether a name that the hub does not read was likely meant for `private`, such as `Private`, `private[]`, `update[private]`, `is_private`, `private` with an invisible character, or with one
 * letter too many, missing, wrong, or in its neighbour's place.
 */
export function isNearlyPrivate(name: string): boolean {
  if (isKnownField(name)) return false;
  const nested = /\[([^[\]]{1,24})\]$/.exec(name)?.[1];
  if (nested !== undefined && (nested === "private" || isNearlyPrivate(nested))) return true;
  const letters = lettersOf(name);
  return letters.length <= MOST_LETTERS && (isOneSlipFrom(letters, "private") || isOneSlipFrom(letters.replaceAll(AROUND, ""), "private"));
}

/** Most letters of a name that is looked at. Bodies may have a hundred thousand names. */
const MOST_LETTERS = 24;

/** Whether two words are the same but for one letter that is missing, too many or wrong, or two neighbours in the wrong order. */
function isOneSlipFrom(word: string, other: string): boolean {
  if (Math.abs(word.length - other.length) > 1) return false;
  let start = 0;
  while (start < word.length && word[start] === other[start]) start++;
  let [end, otherEnd] = [word.length, other.length];
  while (end > start && otherEnd > start && word[end - 1] === other[otherEnd - 1]) {
    end--;
    otherEnd--;
  }
  const [rest, otherRest] = [word.slice(start, end), other.slice(start, otherEnd)];
  return (rest.length <= 1 && otherRest.length <= 1) || (rest.length === 2 && otherRest === `${rest[1]}${rest[0]}`);
}

/** A name that somebody sent, as it may stand in a message, a log or a header field: quoted, in printable ASCII, and not long. */
export function quoteName(name: string): string {
  const short = name.length > NAME_CHARACTERS ? `${name.slice(0, NAME_CHARACTERS)}…` : name;
  return JSON.stringify(short).replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
