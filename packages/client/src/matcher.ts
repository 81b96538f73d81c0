/** A parameter for the hub, and the test of its events in the page. */
export interface Matcher {
  /** Parameter of the request. */
  readonly param: "match" | "match_urlpattern";
  readonly value: string;
  readonly matches: (topic: string) => boolean;
}

declare const URLPattern: new (pattern: string, base: string) => { test(input: string, base: string): boolean };

/**
 * Makes the matcher of a topic or of a URL pattern. A text is a pattern if it has `*`, `{`, `(` or a
 * name such as `/:id`. `*` alone is every topic.
 *
 * @param base - The hub's URL, against which relative topics and patterns resolve.
 * @throws TypeError for an unusable topic, or a pattern that this platform can't match in the page.
 */
export function createMatcher(value: string, base: string): Matcher {
  // A topic that the hub refuses would take all topics of the stream offline.
  if (typeof value !== "string" || !/^[^\p{Cc}\p{Cf}]+$/u.test(value)) throw new TypeError("A topic is text without controls.");
  if (value === "*") return { param: "match", value, matches: () => true };
  if (!/[*{(]|\/:[\p{ID_Start}$_]/u.test(value)) return { param: "match", value, matches: (topic) => topic === value };
  return { param: "match_urlpattern", value, matches: compile(value, base) };
}

/** Names and wildcards need no engine. Everything else is left to the platform's. */
function compile(pattern: string, base: string): (topic: string) => boolean {
  const resolve = (text: string): string => new URL(text, base).href;
  try {
    if (!/[{}()\\?+#]|\*\*|^\/\/|[^/]:(?!\d)|:\w*[^\w/.*-]|:\w*\*/.test(pattern.replace(/^\w+:\/\//, ""))) {
      // The part after a wildcard stays at the first place that fits, since the search for others would
      // take time that grows with each wildcard.
      const [first = "", ...parts] = resolve(pattern)
        .replace(/[.+^$|[\]]/g, String.raw`\$&`)
        .replace(/\/:(\w+)/g, "/(?<$1>[^/?#]+?)")
        .split("*");
      const last = parts.pop();
      const middle = parts.map((part, i) => `(?=(?<$${i}>[^?#]*?${part}))\\k<$${i}>`).join("");
      const source = first + middle + (last === undefined ? "" : `[^?#]*${last}`);
      const regexp = new RegExp(`^${source}(\\?.*)?(#.*)?$`);
      return (topic) => {
        try {
          return regexp.test(resolve(topic));
        } catch {
          return false;
        }
      };
    }
    // The engine's time grows with each wildcard, and with each name of a segment.
    if (!/(\*.*|:[a-z][^/]*){3}/i.test(pattern)) {
      const compiled = new URLPattern(pattern, base);
      return (topic) => compiled.test(topic, base);
    }
  } catch {
    // No `URLPattern`, or a pattern that the hub refuses as well, such as with a name that stands twice.
  }
  throw new TypeError(`This platform can't match "${pattern}".`);
}
