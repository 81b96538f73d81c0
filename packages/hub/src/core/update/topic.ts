import { Recent } from "../recent.ts";

/** A topic as parsed for URL patterns and the reserved namespace. */
export interface ParsedTopic {
  /**
   * The topic resolved against the hub's URL, or undefined if the topic cannot be parsed as a URL
   * reference.
   */
  readonly url: URL | undefined;
  /** Whether the topic lies at or below the path of the hub's URL. */
  readonly reserved: boolean;
}

/** Cost of remembering a topic beside its characters, in characters. */
const TOPIC_COST = 64;

/** Percent-encoded unreserved characters of RFC 3986: letters, digits, `-`, `.`, `_`, `~`. */
const ENCODED_UNRESERVED = /%(?:2[de]|3\d|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi;

/**
 * Resolves topics against the hub's URL and remembers the most recent topics. Parsing a topic costs
 * a microsecond.
 */
export class TopicParser {
  readonly #base: URL;
  readonly #path: string;
  readonly #parsed: Recent<ParsedTopic>;

  /**
   * @param hubUrl - The hub's public URL, absolute.
   * @param capacity - Most characters of the topics to remember, in each of two generations. Each
   *   topic counts for some more.
   */
  constructor(hubUrl: string, capacity: number = 512 * 1024) {
    this.#base = new URL(hubUrl);
    this.#path = this.#base.pathname.replace(/\/+$/, "");
    this.#parsed = new Recent(capacity, (topic) => TOPIC_COST + topic.length);
  }

  /**
   * Tells whether a path with this prefix may lie below the path of the hub's URL, as spelled
   * there.
   */
  mayBeBelowHub(prefix: string): boolean {
    const path = `${this.#path}/`;
    return prefix.startsWith(path) || path.startsWith(prefix);
  }

  parse(topic: string): ParsedTopic {
    let parsed = this.#parsed.get(topic);
    if (parsed === undefined) {
      parsed = this.#resolve(topic);
      this.#parsed.set(topic, parsed);
    }
    return parsed;
  }

  #resolve(topic: string): ParsedTopic {
    // "A topic that cannot be parsed as a URL reference … cannot name a hub path" and matches no
    // URL pattern.
    if (!URL.canParse(topic, this.#base.href)) return { url: undefined, reserved: false };
    const url = new URL(topic, this.#base);
    return { url, reserved: this.#isBelowHub(url.pathname) };
  }

  #isBelowHub(pathname: string): boolean {
    // Otherwise `/.well-known/%6Dercure/…` would name a hub resource and pass.
    const decoded = pathname.replace(ENCODED_UNRESERVED, (octet) => String.fromCharCode(Number.parseInt(octet.slice(1), 16)));
    const path = decoded === pathname ? pathname : new URL(`http://hub${decoded.startsWith("/") ? "" : "/"}${decoded}`).pathname;
    return path === this.#path || path.startsWith(`${this.#path}/`);
  }
}
