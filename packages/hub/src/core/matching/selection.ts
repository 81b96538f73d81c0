import { type CompiledMatcher, isPattern, selectsTopic } from "./matcher.ts";
import { AT_ONCE, type Pace } from "./pace.ts";
import type { TopicParser } from "../update/topic.ts";
import { NOTE_TYPE, type Update } from "../update/update.ts";
import type { Encoding, Framing, WireFormat } from "../update/wire.ts";

/** Tells whether one of the matchers selects one of the topics. */
export function matchesAny(matchers: readonly CompiledMatcher[], topics: readonly string[], parser: TopicParser): boolean {
  for (const matcher of matchers) {
    for (const topic of topics) if (selectsTopic(matcher, topic, parser)) return true;
  }
  return false;
}

/** Whether a matcher may select a topic below the hub's own path. */
function mayBeBelowHub(matcher: CompiledMatcher, parser: TopicParser): boolean {
  if (matcher.kind === "all") return true;
  return parser.mayBeBelowHub(isPattern(matcher) ? matcher.compiled.prefix : matcher.matcher.pattern);
}

/** How a subscriber's updates reach it. */
export interface WireOptions {
  readonly pace?: Pace | undefined;
  readonly encoding?: Encoding | undefined;
  readonly framing?: Framing | undefined;
}

/** What a subscriber asked for, how it reaches it, and what it may read. Live delivery and replay both ask this, and nothing else. */
export class Selection implements WireFormat {
  /** Equal keys select and may read the same updates. */
  readonly key: string;
  readonly matchers: readonly CompiledMatcher[];
  readonly pace: Pace;
  readonly encoding: Encoding;
  readonly framing: Framing;
  /** All that it selects has one of these topics; undefined where that can't be said. */
  readonly topics: readonly string[] | undefined;
  /** Whether one of the matchers is a pattern. */
  readonly hasPatterns: boolean;
  /** Whether updates of presence may be among what it selects. */
  readonly hearsPresence: boolean;
  readonly #grants: readonly CompiledMatcher[];
  /** Whether there are patterns to test. */
  readonly #isCostly: boolean;
  readonly #parser: TopicParser;

  /**
   * @param matchers - Which topics to receive.
   * @param grants - Which topics' private updates may be read; none for an anonymous subscriber.
   * @param wire - How its updates are spread over time, encoded and delimited.
   */
  constructor(
    matchers: readonly CompiledMatcher[],
    grants: readonly CompiledMatcher[],
    parser: TopicParser,
    { pace = AT_ONCE, encoding = "identity", framing = "none" }: WireOptions = {},
  ) {
    this.matchers = matchers;
    this.pace = pace;
    this.encoding = encoding;
    this.framing = framing;
    this.hearsPresence = [matchers, grants].every((list) => list.some((matcher) => mayBeBelowHub(matcher, parser)));
    // Presence is told by notes of another topic.
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
    ]);
  }

  /** The same, by what another token allows to read. */
  withGrants(grants: readonly CompiledMatcher[]): Selection {
    return new Selection(this.matchers, grants, this.#parser, this);
  }

  /** Whether updates wait, or may be left out, as they are delivered. */
  get isPaced(): boolean {
    return this.pace.intervalMs > 0 || this.pace.latest;
  }

  /** Whether the update is asked for and may be read. */
  selects(update: Update): boolean {
    return this.mayRead(update) && matchesAny(this.matchers, update.topics, this.#parser);
  }

  /** Does as {@link selects}, and yields where others may have their turn: a hundred long topics take seconds on a hundred patterns. */
  *selecting(update: Update): Generator<undefined, boolean> {
    if (!this.#isCostly) return this.selects(update);
    const isReadable = !update.private || (update.type !== NOTE_TYPE && (yield* this.#matching(this.#grants, update.topics)));
    return isReadable && (yield* this.#matching(this.matchers, update.topics));
  }

  /** Finds the matchers that ask for the update, by their indices. Yields as {@link selecting} does. */
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

  /** A private update needs a grant on one of its topics; a matcher never gives a right. */
  mayRead(update: Update): boolean {
    return !update.private || (update.type !== NOTE_TYPE && matchesAny(this.#grants, update.topics, this.#parser));
  }

  *#matching(matchers: readonly CompiledMatcher[], topics: readonly string[]): Generator<undefined, boolean> {
    for (const topic of topics) {
      if (matchesAny(matchers, [topic], this.#parser)) return true;
      yield;
    }
    return false;
  }
}
