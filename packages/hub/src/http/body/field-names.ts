/** Fields of an update, in a form and in JSON. */
export const UPDATE_FIELDS = ["topic", "data", "id", "type", "retry", "private", "delay", "deliver_at", "ttl"] as const;

const KNOWN: ReadonlySet<string> = new Set(UPDATE_FIELDS);

/** Names for these fields in other systems and in the library, and common slips. Letters only. */
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
 * Finds the field that a name resembles, such as `topic` for `topics`, `Topic` and `topic[]`.
 *
 * @returns Undefined if the name resembles none.
 */
export function meantField(name: string): string | undefined {
  return name.length > NAME_CHARACTERS ? undefined : MEANT.get(lettersOf(name));
}

/**
 * The lower-case ASCII letters of a name, without the brackets that frameworks and templates
 * append, and without the rest of an `&amp;` before it.
 */
function lettersOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/\[.*$/s, "")
    .replace(/^(?:amp;)+/, "")
    .replaceAll(/[^a-z]/g, "");
}

/** Words that people put around the name of a boolean. */
const AROUND = /^(?:is|be|make|set|update|event|message|options?|hub|mercure)+|(?:update|event|message|flag|only)s?$/g;

/** A value that slipped into the name, as in `private on`. */
const VALUE = /[^a-z](?:on|off|true|false|yes|no)[^a-z]*$/i;

/** Letters of other scripts that look like those of `private`. */
const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({ p: "рρᴘ", r: "гᴦʀ", i: "іıιɩɪ", v: "νѵυᴠ", a: "аαɑᴀ", t: "тτᴛ", e: "еεҽɛᴇ" }).flatMap(([letter, others]) =>
    Array.from(others, (other): [string, string] => [other, letter]),
  ),
);

/** Most UTF-16 units of a name that are examined. A name may be as long as a body. */
const MOST_UNITS = 256;

/** Longest part of a name that is examined, in letters. A body may have a hundred thousand names. */
const MOST_LETTERS = 24;

/**
 * Whether an unread name was probably meant for `private`, such as `Private`, `private[]`,
 * `update[private][]`, `amp;private`, `is_private` or `private on`. Counts too: an invisible
 * character, a letter of another width, a look-alike of another script, an accent, and one letter
 * too many, missing, wrong or swapped with its neighbour. A nested name has no such slip: `primate`
 * may be meant.
 */
export function isNearlyPrivate(name: string): boolean {
  if (isKnownField(name)) return false;
  // Frameworks write nested names as `a[b]` or `a.b`.
  return inLatin(name.slice(0, MOST_UNITS))
    .split(/[[\].]/)
    .some((part, level) => {
      const letters = lettersOf(part.replace(VALUE, ""));
      if (letters.length > MOST_LETTERS) return false;
      return [letters, letters.replaceAll(AROUND, "")].some((word) => (level === 0 ? isOneSlipFrom(word, "private") : word === "private"));
    });
}

function inLatin(name: string): string {
  // Most names need no table.
  if (!/\P{ASCII}/u.test(name)) return name;
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\P{ASCII}/gu, (letter) => LOOK_ALIKES.get(letter) ?? letter);
}

/**
 * Whether two words differ by one letter that is missing, extra or wrong, or by two swapped
 * neighbours.
 */
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

/**
 * Quotes a stranger's name for a message, a log or a header field: short, and in printable ASCII.
 */
export function quoteName(name: string): string {
  const short = name.length > NAME_CHARACTERS ? `${name.slice(0, NAME_CHARACTERS)}…` : name;
  return JSON.stringify(short).replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
