import { type CompiledMatcher, isPattern, selectsTopic } from "./matcher.ts";
import { AT_ONCE, type Pace } from "./pace.ts";
import type { TopicParser } from "../update/topic.ts";
import { NOTE_TYPE, type Update } from "../update/update.ts";
import type { Encoding, Framing, WireFormat } from "../update/wire.ts";

/** Tells whether any matcher selects any of the topics. */
export function matchesAny(matchers: readonly CompiledMatcher[], topics: readonly string[], parser: TopicParser): boolean {
  for (const matcher of matchers) {
    for (const topic of topics) if (selectsTopic(matcher, topic, parser)) return true;
  }
  return false;
}

/** Tells whether a matcher may select a topic below the hub's own path. */
function mayBeBelowHub(matcher: CompiledMatcher, parser: TopicParser): boolean {
  if (matcher.kind === "all") return true;
  return parser.mayBeBelowHub(isPattern(matcher) ? matcher.compiled.prefix : matcher.matcher.pattern);
}

/** Wire options of a subscriber: pace, content and format. */
export interface WireOptions {
  /** Whether each update names its topics. Default false. */
  readonly showsTopics?: boolean | undefined;
  readonly pace?: Pace | undefined;
  readonly encoding?: Encoding | undefined;
  readonly framing?: Framing | undefined;
}

/**
 * A subscriber's matchers, wire options and read grants. Live delivery and replay both ask the
 * selection, and nothing else.
 */
export class Selection implements WireFormat {
  /** Selections with equal keys select the same updates and may read the same. */
  readonly key: string;
  readonly matchers: readonly CompiledMatcher[];
  readonly pace: Pace;
  readonly encoding: Encoding;
  readonly framing: Framing;
  readonly showsTopics: boolean;
  /** The exact topics selected, or undefined if a pattern is involved. */
  readonly topics: readonly string[] | undefined;
  /** Whether any matcher is a pattern. */
  readonly hasPatterns: boolean;
  /** Whether the selection may include updates of presence. */
  readonly hearsPresence: boolean;
  readonly #grants: readonly CompiledMatcher[];
  /** Whether there are patterns to test. */
  readonly #isCostly: boolean;
  readonly #parser: TopicParser;

  /**
   * @param matchers - Topics to receive.
   * @param grants - Topics whose private updates may be read. Empty for an anonymous subscriber.
   * @param wire - How the updates are paced, encoded and delimited.
   */
  constructor(
    matchers: readonly CompiledMatcher[],
    grants: readonly CompiledMatcher[],
    parser: TopicParser,
    { pace = AT_ONCE, encoding = "identity", framing = "none", showsTopics = false }: WireOptions = {},
  ) {
    this.matchers = matchers;
    this.pace = pace;
    this.encoding = encoding;
    this.framing = framing;
    this.showsTopics = showsTopics;
    this.hearsPresence = [matchers, grants].every((list) => list.some((matcher) => mayBeBelowHub(matcher, parser)));
    // Presence arrives as notes of another topic.
    const isExact = !this.hearsPresence && matchers.every(({ kind }) => kind === "exact");
    this.topics = isExact ? matchers.map(({ matcher }) => matcher.pattern) : undefined;
    this.#grants = grants;
    this.hasPatterns = matchers.some(isPattern);
    this.#isCostly = this.hasPatterns || grants.some(isPattern);
    this.#parser = parser;
    const { intervalMs, latest } = pace;
    this.key = JSON.stringify([
      matchers.map((m) => m.key).toSorted(),
      grants.map((g) => g.key).toSorted(),
      intervalMs,
      latest,
      encoding,
      framing,
      showsTopics,
    ]);
  }

  /** The same selection with the grants of another token. */
  withGrants(grants: readonly CompiledMatcher[]): Selection {
    return new Selection(this.matchers, grants, this.#parser, this);
  }

  /** Whether updates may wait, or be left out, during delivery. */
  get isPaced(): boolean {
    return this.pace.intervalMs > 0 || this.pace.latest;
  }

  /** Tells whether the update is asked for and may be read. */
  selects(update: Update): boolean {
    return this.mayRead(update) && matchesAny(this.matchers, update.topics, this.#parser);
  }

  /**
   * Does as {@link selects}, and yields when others may have their turn. A hundred long topics take
   * seconds on a hundred patterns.
   */
  *selecting(update: Update): Generator<undefined, boolean> {
    if (!this.#isCostly) return this.selects(update);
    const isReadable = !update.private || (update.type !== NOTE_TYPE && (yield* this.#matching(this.#grants, update.topics)));
    return isReadable && (yield* this.#matching(this.matchers, update.topics));
  }

  /**
   * Finds the matchers that select the update, by their indices. Yields as {@link selecting} does.
   */
  *selectedBy(update: Update): Generator<undefined, readonly number[]> {
    const indices = new Set<number>();
    for (const topic of update.topics) {
      for (const [index, matcher] of this.matchers.entries()) {
        if (!indices.has(index) && selectsTopic(matcher, topic, this.#parser)) indices.add(index);
      }
      yield;
    }
    return [...indices];
  }

  /** A private update needs a grant on one of its topics. A matcher never gives a right. */
  mayRead(update: Update): boolean {
    return !update.private || (update.type !== NOTE_TYPE && matchesAny(this.#grants, update.topics, this.#parser));
  }

  /**
   * The topics of an update that a subscriber may know of: all of a public one, and those of a
   * private one that a grant names. An alternate topic may name another user.
   *
   * @param update - One that the subscriber may read.
   * @returns `update.topics` itself for all of them.
   */
  readableTopics({ private: isPrivate, topics }: Update): readonly string[] {
    if (!isPrivate || topics.length === 1) return topics;
    const readable = topics.filter((topic) => matchesAny(this.#grants, [topic], this.#parser));
    return readable.length === topics.length ? topics : readable;
  }

  *#matching(matchers: readonly CompiledMatcher[], topics: readonly string[]): Generator<undefined, boolean> {
    for (const topic of topics) {
      if (matchesAny(matchers, [topic], this.#parser)) return true;
      yield;
    }
    return false;
  }
}
