import { describe, expect, it } from "vitest";
import { PatternError } from "../../../packages/hub/src/core/matching/url-pattern/index.ts";
import { compileUrlPattern } from "../../../packages/hub/src/core/matching/url-pattern/index.ts";

const HUB = "https://hub.example/.well-known/mercure";

function matches(pattern: string, topic: string, base = HUB): boolean {
  return compileUrlPattern(pattern, base).test(new URL(topic, base));
}

/** Why a pattern is refused. */
function refusal(pattern: string): string {
  try {
    compileUrlPattern(pattern, HUB);
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
  return "accepted";
}

interface Group {
  readonly about: string;
  readonly pattern: string;
  readonly base?: string;
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

const groups: readonly Group[] = [
  // Relative patterns and topics
  {
    about: "a relative pattern takes the origin of the base",
    pattern: "/chat/:room",
    yes: ["/chat/lobby", "https://hub.example/chat/lobby", "../chat/lobby", "/chat/lobby?page=2#end", "/chat/%20"],
    no: ["/chat/", "/chat", "/chat/lobby/", "/chat/a/b", "http://hub.example/chat/lobby", "https://other.example/chat/lobby"],
  },
  {
    about: "a pattern without a leading slash is relative to the folder of the base",
    pattern: "subscriptions/:id",
    yes: ["subscriptions/7", "/.well-known/subscriptions/7"],
    no: ["/subscriptions/7"],
  },
  { about: "a pattern in braces can start the path", pattern: "{/a}/b", yes: ["/a/b"], no: ["/.well-known/a/b"] },
  { about: "a wildcard alone is relative too", pattern: "*", yes: ["x", "/.well-known/a/b"], no: ["/x"] },
  { about: "a pattern of a search keeps the path of the base", pattern: "?q=*", yes: ["?q=1", "mercure?q="], no: ["/?q=1", "?p=1", ""] },
  {
    about: "a pattern of a hash keeps the path and the search of the base",
    pattern: "#:part",
    base: "https://hub.example/doc?v=1",
    yes: ["#intro", "/doc?v=1#intro"],
    no: ["/doc#intro", "/doc?v=1"],
  },
  {
    about: "the base's own text is no syntax",
    pattern: "?*",
    base: "https://hub.example/a(b)*+",
    yes: ["?x"],
    no: ["/a(b)?x", "/a(b)x+?x"],
  },
  { about: "an opaque base has no folder", pattern: "x", base: "urn:a:b", yes: ["urn:x"], no: ["urn:a:x", "urn:a:b"] },

  // What is left out of a whole pattern
  {
    about: "a path is exact, what comes after it is arbitrary",
    pattern: "https://example.com/books",
    yes: ["https://example.com/books", "https://example.com/books?a=b#c", "https://reader:secret@example.com/books"],
    no: ["https://example.com/books/", "https://example.com/", "https://example.com/booksellers"],
  },
  {
    about: "an origin is all of it",
    pattern: "https://example.com",
    yes: ["https://example.com/", "https://example.com/a?b#c"],
    no: ["https://example.org/"],
  },
  {
    about: "a search before which nothing stands has the root path",
    pattern: "https://example.com?a",
    yes: ["https://example.com/?a"],
    no: ["https://example.com/b?a"],
  },
  {
    about: "a hash without a search has none",
    pattern: "https://example.com/#top",
    yes: ["https://example.com/#top"],
    no: ["https://example.com/?a#top"],
  },
  { about: "an empty search is exact", pattern: "/a?", yes: ["/a", "/a?", "/a#b"], no: ["/a?b"] },
  { about: "one mark of a doubled one is dropped", pattern: "/a??b", yes: ["/a?b"], no: ["/a??b"] },

  // Protocol
  {
    about: "a protocol can have a group",
    pattern: "http{s}?://example.com/",
    yes: ["http://example.com/", "https://example.com/"],
    no: ["ws://example.com/"],
  },
  {
    about: "a protocol is not case-sensitive in its fixed text",
    pattern: "HTTPS://example.com/",
    yes: ["https://example.com/"],
    no: ["http://example.com/"],
  },
  {
    about: "a wildcard protocol has the rules of special ones",
    pattern: "*://example.com/:a",
    yes: ["https://example.com/a", "ws://example.com/a", "other://example.com/a"],
    no: ["https://example.com/a/b"],
  },
  {
    about: "two slashes are optional after a special protocol",
    pattern: "https\\:example.com/a",
    yes: ["https://example.com/a"],
    no: ["http://example.com/a"],
  },
  { about: "a file has no host", pattern: "file:///logs/*", yes: ["file:///logs/a/b"], no: ["file://server/logs/a", "file:///log"] },

  // Credentials
  {
    about: "credentials are compared where they are given",
    pattern: "https://:user\\:secret@example.com/",
    yes: ["https://anyone:secret@example.com/"],
    no: ["https://anyone:guess@example.com/", "https://example.com/", "https://:secret@example.com/"],
  },
  {
    about: "a user without a password leaves it arbitrary",
    pattern: "https://ann@example.com/",
    yes: ["https://ann@example.com/", "https://ann:x@example.com/"],
    no: ["https://bob@example.com/"],
  },
  {
    about: "credentials are percent-encoded",
    pattern: "https://änn@example.com/",
    yes: ["https://%C3%A4nn@example.com/"],
    no: ["https://ann@example.com/"],
  },

  // Host
  {
    about: "a wildcard in a host takes dots, a name does not",
    pattern: "https://*.example.com/",
    yes: ["https://a.example.com/", "https://a.b.example.com/"],
    no: ["https://example.com/", "https://a.example.org/"],
  },
  {
    about: "a name in a host stops at a dot",
    pattern: "https://:sub.example.com/",
    yes: ["https://a.example.com/"],
    no: ["https://a.b.example.com/", "https://.example.com/"],
  },
  {
    about: "a dot before a group does not belong to it",
    pattern: "https://example.:tld?/",
    yes: ["https://example.com/", "https://example./"],
    no: ["https://example/"],
  },
  {
    about: "a group in braces can have its dot",
    pattern: "https://{:sub.}?example.com/",
    yes: ["https://example.com/", "https://a.example.com/"],
    no: ["https://a.b.example.com/"],
  },
  {
    about: "a host is not case-sensitive",
    pattern: "https://EXAMPLE.com/",
    yes: ["https://example.com/", "https://Example.COM/"],
    no: ["https://example.co/"],
  },
  {
    about: "an international host is its ASCII form",
    pattern: "https://bücher.example/:id",
    yes: ["https://bücher.example/1", "https://xn--bcher-kva.example/1", "https://BÜCHER.example/1"],
    no: ["https://bucher.example/1"],
  },
  { about: "an IPv4 host is normalised", pattern: "http://0x7f.1/", yes: ["http://127.0.0.1/"], no: ["http://127.0.0.2/"] },
  {
    about: "an IPv6 host needs its colons escaped",
    pattern: "http://[\\:\\:AB]:8080/",
    yes: ["http://[::ab]:8080/"],
    no: ["http://[::ac]:8080/"],
  },
  { about: "an IPv6 host can have a wildcard", pattern: "http://{[\\:\\:*]}/", yes: ["http://[::1]/"], no: ["http://[1::1]/"] },

  // Port
  {
    about: "no port is the default one",
    pattern: "https://example.com/",
    yes: ["https://example.com:443/"],
    no: ["https://example.com:8443/"],
  },
  {
    about: "the default port can be written",
    pattern: "https://example.com:443/",
    yes: ["https://example.com/"],
    no: ["https://example.com:444/"],
  },
  {
    about: "any port has to be written",
    pattern: "https://example.com:*/",
    yes: ["https://example.com/", "https://example.com:8443/"],
    no: ["http://example.com/"],
  },
  {
    about: "a port of another scheme is not the default",
    pattern: "http://example.com:443/",
    yes: ["http://example.com:443/"],
    no: ["http://example.com/"],
  },
  {
    about: "a port can be a group",
    pattern: "http://example.com:80{80}?/",
    yes: ["http://example.com:8080/"],
    no: ["http://example.com/", "http://example.com:81/"],
  },
  {
    about: "a relative pattern takes the port of the base",
    pattern: "/a",
    base: "http://hub.example:8080/",
    yes: ["http://hub.example:8080/a"],
    no: ["http://hub.example/a"],
  },

  // Path
  { about: "a path is case-sensitive", pattern: "/Books/:id", yes: ["/Books/a", "/Books/A"], no: ["/books/a"] },
  {
    about: "a path is compared percent-encoded",
    pattern: "/café/a b",
    yes: ["/caf%C3%A9/a%20b", "/café/a b"],
    no: ["/cafe/a b", "/caf%c3%a9/a b"],
  },
  { about: "dots in fixed text of a path are resolved", pattern: "/a/./b/../c/:id", yes: ["/a/c/1"], no: ["/a/b/c/1"] },
  { about: "a wildcard takes slashes and nothing", pattern: "/a/*", yes: ["/a/", "/a/b", "/a/b/c"], no: ["/a", "/ab"] },
  {
    about: "wildcards can stand anywhere",
    pattern: "/*/b/*.txt",
    yes: ["/a/b/c.txt", "/x/y/b/z/c.txt", "https://hub.example//b/.txt"],
    no: ["/b/c.txt", "/a/b/txt"],
  },
  { about: "names need not fill a segment", pattern: "/:from-:to.:ext", yes: ["/a-b.c", "/a-b-c.d.e"], no: ["/a-b", "/a/x-b.c", "/-b.c"] },
  { about: "names may have letters of any script", pattern: "/:größe/:_x$1", yes: ["/a/b"], no: ["/a"] },

  // Modifiers and groups
  { about: "an optional name takes its slash along", pattern: "/a/:b?", yes: ["/a", "/a/x"], no: ["/a/", "/a/x/y", "/"] },
  { about: "a repeated name is one segment or more", pattern: "/a/:b+", yes: ["/a/x", "/a/x/y/z"], no: ["/a", "/a/", "/a/x/"] },
  { about: "a name repeated any number of times", pattern: "/a/:b*", yes: ["/a", "/a/x", "/a/x/y"], no: ["/a/", "/a/x/"] },
  { about: "a wildcard with modifiers", pattern: "/a/*?", yes: ["/a", "/a/", "/a/b/c"], no: ["/ab"] },
  { about: "a modifier in the middle", pattern: "/a/:b?/c", yes: ["/a/c", "/a/b/c"], no: ["/a//c", "/a/b"] },
  { about: "braces hold text", pattern: "/book{s}?/{all}", yes: ["/book/all", "/books/all"], no: ["/bookss/all"] },
  { about: "repeated text", pattern: "/{ab}+", yes: ["/ab", "/ababab"], no: ["/", "/aba"] },
  {
    about: "a group repeats with its prefix and suffix between",
    pattern: "/x{-:id(\\d+);}*",
    yes: ["/x", "/x-1;", "/x-1;-22;"],
    no: ["/x-1", "/x-1;2;", "/x-a;"],
  },
  { about: "braces without a group part a name from text", pattern: "/{:a}b", yes: ["/xb", "/bb"], no: ["/b", "/x"] },
  { about: "a slash in braces is no prefix of its own", pattern: "/a{/}:b?", yes: ["/a/", "/a/b"], no: ["/a"] },
  { about: "escaped syntax is text", pattern: "/{\\:}a\\*\\{\\}\\(\\)\\+", yes: ["/:a*{}()+"], no: ["/xa", "/:a"] },
  { about: "an escaped question mark starts the search", pattern: "/a\\?b", yes: ["/a?b"], no: ["/a", "/a%3Fb"] },

  // Regular expressions
  {
    about: "a name with a regular expression",
    pattern: "/:year(\\d{4})-:month(\\d\\d)",
    yes: ["/2025-01"],
    no: ["/25-01", "/2025-1", "/2025-01/"],
  },
  { about: "alternatives", pattern: "/(cat|dog|)s", yes: ["/cats", "/dogs", "/s"], no: ["/catdogs", "/cat"] },
  {
    about: "groups in a regular expression",
    pattern: "/((?:ab?)+(?<end>c{2,})d{1,2}e{0})",
    yes: ["/aababccd", "/accccdd"],
    no: ["/acd", "/accddd", "/accde"],
  },
  { about: "classes and their negation", pattern: "/([a-f]+)-([^a-f])", yes: ["/face-x"], no: ["/fog-x", "/face-a"] },
  { about: "set operations on classes", pattern: "/([[a-z]--[aeiou]]+)/([\\w&&\\d])", yes: ["/xyz/1"], no: ["/xaz/1", "/xyz/a"] },
  { about: "escapes of characters", pattern: "/(\\x61\\u0062\\u{63}\\.\\cA?\\0?)", yes: ["/abc."], no: ["/abcd", "/abc"] },
  { about: "properties of characters", pattern: "/(\\p{Lu}\\P{Lu}+)", yes: ["/Ab1"], no: ["/ab", "/AB"] },
  { about: "boundaries of words", pattern: "/(.*\\bcat\\b.*)", yes: ["/cat", "/a-cat-b"], no: ["/cats", "/a_cat"] },
  { about: "the inside of words", pattern: "/(\\w+\\B\\d)", yes: ["/a1"], no: ["/a-1", "/1"] },
  { about: "anchors hold at the ends only", pattern: "/s#(^a|b$)+", yes: ["/s#a", "/s#b", "/s#ab"], no: ["/s#ba", "/s#aa"] },
  { about: "a dot takes slashes", pattern: "/(a.b)", yes: ["/a/b", "/axb"], no: ["/ab"] },
  { about: "lazy repetition selects the same", pattern: "/(a+?b*?c??)", yes: ["/a", "/aabbc"], no: ["/bc"] },

  // Search and hash
  {
    about: "a search is compared without its mark",
    pattern: "/s?q=:word&*",
    yes: ["/s?q=a&", "/s?q=a&b=c"],
    no: ["/s?q=&", "/s?q=a", "/s"],
  },
  { about: "a name in a search takes slashes", pattern: "/s?path=:p", yes: ["/s?path=a/b.c"], no: ["/s?path="] },
  { about: "a search is percent-encoded", pattern: "/s?q=é'", yes: ["/s?q=é'", "/s?q=%C3%A9%27"], no: ["/s?q=e'"] },
  { about: "a search is case-sensitive", pattern: "/s?Q", yes: ["/s?Q"], no: ["/s?q"] },
  { about: "a hash is compared without its mark", pattern: "/s#l:line(\\d+)", yes: ["/s#l12"], no: ["/s#l", "/s", "/s?q=1#l12"] },

  // Schemes that are not special
  {
    about: "a path without structure",
    pattern: "urn\\:isbn\\::id",
    yes: ["urn:isbn:0451450523", "urn:isbn:a/b"],
    no: ["urn:isbn:", "urn:issn:1", "isbn:1"],
  },
  { about: "a slash is no prefix in an opaque path", pattern: "data\\:text/:b?", yes: ["data:text/", "data:text/a/b"], no: ["data:text"] },
  { about: "an opaque path is case-sensitive", pattern: "urn\\:Uuid\\:*", yes: ["urn:Uuid:1"], no: ["urn:uuid:1"] },
  { about: "an opaque path keeps spaces and quotes", pattern: "data\\:a b,*", yes: ["data:a b,c"], no: ["data:a%20b,c"] },
  { about: "an opaque path has a search", pattern: "urn\\:a?b=*", yes: ["urn:a?b=1"], no: ["urn:a", "urn:ab?b=1"] },
  { about: "another scheme with a host", pattern: "app://room/:id", yes: ["app://room/1", "app://room/1/2"], no: ["app://hall/1"] },
];

describe("what a URL pattern selects", () => {
  it.each(groups)("$about: $pattern", ({ pattern, base, yes, no }) => {
    expect(yes.filter((topic) => !matches(pattern, topic, base))).toEqual([]);
    expect(no.filter((topic) => matches(pattern, topic, base))).toEqual([]);
  });
});

describe("a URL pattern that is refused", () => {
  it.each([
    ["/a(", "A `(` is not closed (character 3 of `/a(`)"],
    ["/()", "A group is empty"],
    ["/{(?:a)}", "starts with `?`"],
    ["/(a(b))", "Write the inner one as `(?:…)`"],
    ["/(é)", "not ASCII"],
    ["/(\\é)", "not ASCII"],
    ["/a\\", "escapes nothing"],
    ["/a{:}", "A `:` is not followed by a name"],
    ["/{a", "The `{` before it needs its `}`"],
    ["/{a{b}}", "The `{` before it needs its `}`"],
    ["/a}", "misplaced `}`"],
    ["/a+", "misplaced `+`"],
    ["/:a/:a", "`:a` occurs twice"],
    ["/([b-a])", "not a regular expression"],
    ["/([^/])", "need a `\\` inside brackets"],
    ["/(a**)", "not a regular expression"],
    ["/((?<n>a))((?<n>b))", "not a regular expression"],
    ["https://exa<mple.com/", "cannot stand in a hostname"],
    ["https://a b/", "cannot stand in a hostname"],
    ["https://[\\:g]/", "cannot stand in an IPv6 address"],
    ["https://example.com:{x}/", "cannot stand in a port"],
    ["https://example.com:65536/", "cannot stand in a port"],
    ["ht tp://example.com/", "cannot stand in a protocol"],
    ["/a\\:b", "write `{\\:}`"],
    ["/(a(?=b).*)", "look-ahead or look-behind"],
    ["/(a(?!b).*)", "look-ahead or look-behind"],
    ["/(.*(?<=a)b)", "look-ahead or look-behind"],
    ["/(.*(?<!a)b)", "look-ahead or look-behind"],
    ["/((?<n>a)\\k<n>)", "a reference to another group"],
    ["/(a)(\\1)", "a reference to another group"],
    ["/([\\q{ab|c}])", "strings in a class"],
    [`/(${"(?:".repeat(300)}a${")".repeat(300)})`, "Use fewer"],
    ["/((?:a{1000}){1000})", "Use smaller counts"],
    ["/((?:(?:a?){1000000000}){1000000000})", "Use smaller counts"],
    ["/(.*a.{30})", "too complex"],
  ])("%s", (pattern, reason) => {
    expect(refusal(pattern)).toMatch(/^The URL pattern cannot be used\. /);
    expect(refusal(pattern)).toContain(reason);
  });

  it("is not confused with one that repeats nothing", () => {
    expect(matches("/a((?:(?:){1000000000}){1000000000})", "/a")).toBe(true);
    expect(matches("/a((?:(?:){1000000000}b){2,3})", "/abbb")).toBe(true);
  });

  it("needs an absolute base where it is relative", () => {
    expect(() => compileUrlPattern("/a", "/hub")).toThrow(TypeError);
  });
});
