import { type CompiledMatcher, isPattern, selectsTopic } from "./matcher.ts";
import { AT_ONCE, type Pace } from "./pace.ts";
import type { TopicParser } from "./topic.ts";
import { NOTE_TYPE, type Update } from "./update.ts";
import type { Encoding, Framing, WireFormat } from "./wire.ts";

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
  /** Whether updates of presence may be among what it selects. */
  readonly hearsPresence: boolean;
  readonly #grants: readonly CompiledMatcher[];
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

  /** Whether one of the matchers, by its index, asks for the update. */
  selectedBy(index: number, update: Update): boolean {
    const matcher = this.matchers[index];
    return matcher !== undefined && matchesAny([matcher], update.topics, this.#parser);
  }

  /** A private update needs a grant on one of its topics; a matcher never gives a right. */
  mayRead(update: Update): boolean {
    return !update.private || (update.type !== NOTE_TYPE && matchesAny(this.#grants, update.topics, this.#parser));
  }
}
