/** The fields of an update, in a form and in JSON. */
const KNOWN: ReadonlySet<string> = new Set(["topic", "data", "id", "type", "retry", "private", "delay", "deliver_at", "ttl"]);

/** What other systems, the library and many a slip of the hand call these fields; letters only. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ...Array.from(KNOWN, (name): [string, string] => [name.replace("_", ""), name]),
  ...["topics", "channel", "channels", "match", "matchexact", "matches"].map((name): [string, string] => [name, "topic"]),
  ...["message", "payload", "content", "body"].map((name): [string, string] => [name, "data"]),
  ...["eventid", "ids"].map((name): [string, string] => [name, "id"]),
  ...["event", "eventtype", "types"].map((name): [string, string] => [name, "type"]),
  ...["isprivate", "privat"].map((name): [string, string] => [name, "private"]),
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
  if (name.length > NAME_CHARACTERS) return undefined;
  return MEANT.get(
    name
      .toLowerCase()
      .replace(/\[.*$/s, "")
      .replaceAll(/[^a-z]/g, ""),
  );
}

/** Whether a name differs from `private` only by case or white space around it, such as `Private`. */
export function isPrivateMisspelt(name: string): boolean {
  return name !== "private" && name.trim().toLowerCase() === "private";
}

/** A name that somebody sent, as it may stand in a message, a log or a header field: quoted, in printable ASCII, and not long. */
export function quoteName(name: string): string {
  const short = name.length > NAME_CHARACTERS ? `${name.slice(0, NAME_CHARACTERS)}…` : name;
  return JSON.stringify(short).replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
