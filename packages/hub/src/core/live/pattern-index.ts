import type { Cohort } from "./cohort.ts";
import { LiteralIndex } from "./literal-index.ts";
import { type CompiledPattern, selectsTopic } from "../matching/matcher.ts";
import { Recent } from "../recent.ts";
import type { TopicParser } from "../update/topic.ts";
import { locationOf } from "../matching/url-pattern/index.ts";

/**
 * Most cost of the remembered topics, in each of two generations. A topic costs 1 per pattern that
 * selects it, and some for its text.
 */
const REMEMBERED_COST = 256 * 1024;
const TOPIC_COST = 32;
/** Characters of a topic that cost as much as a pattern that selects it. */
const CHARACTERS_A_COST = 8;
/** Most changes kept, beside as many as there are patterns. */
const KEPT_CHANGES = 1024;

/** The cohorts of one pattern. */
interface PatternGroup {
  readonly matcher: CompiledPattern;
  readonly cohorts: Set<Cohort>;
  /** Number of its cohorts with subscribers. With none, the pattern is not tested. */
  awake: number;
}

/** Patterns tested before others may have their turn. A topic of 2 KiB costs each some 20 µs. */
const STEP = 50;

/** Known matches of a topic. */
export interface KnownTopic {
  readonly groups: readonly PatternGroup[];
  /** Changes up to this number were examined. */
  readonly upTo: number;
}

/**
 * Finds the cohorts whose patterns select a topic. A new topic is compared only with the patterns
 * whose literal parts fit, and the matches are remembered. After that, only newer patterns are tested
 * on the topic, so that subscribers who come and go do not make known topics new.
 */
export class PatternIndex {
  readonly #parser: TopicParser;
  readonly #groups = new Map<string, PatternGroup>();
  /** Awake URL patterns, by the locations that they select. */
  readonly #byLocation = new LiteralIndex<PatternGroup>();
  /** Awake URI templates, by the topics that they select. */
  readonly #byTopic = new LiteralIndex<PatternGroup>();
  readonly #known = new Recent<KnownTopic>(
    REMEMBERED_COST,
    (topic, { groups }) => TOPIC_COST + topic.length / CHARACTERS_A_COST + groups.length,
  );
  /** Patterns in the order in which they awoke. The first is change number `#firstChange`. */
  #changes: PatternGroup[] = [];
  #firstChange = 0;
  #awake = 0;

  constructor(parser: TopicParser) {
    this.#parser = parser;
  }

  /** Number of distinct patterns tested. */
  get size(): number {
    return this.#awake;
  }

  add(matcher: CompiledPattern, cohort: Cohort): void {
    let group = this.#groups.get(matcher.key);
    if (group === undefined) {
      group = { matcher, cohorts: new Set(), awake: 0 };
      this.#groups.set(matcher.key, group);
    }
    group.cohorts.add(cohort);
  }

  remove(matcher: CompiledPattern, cohort: Cohort): void {
    const group = this.#groups.get(matcher.key);
    group?.cohorts.delete(cohort);
    if (group?.cohorts.size === 0) this.#groups.delete(matcher.key);
  }

  /** A cohort of the pattern has its first subscriber. */
  wake(matcher: CompiledPattern): void {
    const group = this.#groups.get(matcher.key);
    if (group === undefined || group.awake++ > 0) return;
    this.#awake++;
    this.#indexOf(group).add(group.matcher.compiled.literals, group);
    this.#changes.push(group);
    if (this.#changes.length <= KEPT_CHANGES + this.#awake) return;
    // By now, comparing a known topic with all patterns takes no longer.
    this.#firstChange += this.#changes.length;
    this.#changes = [];
    this.#known.clear();
  }

  /** A cohort of the pattern has lost its last subscriber. */
  rest(matcher: CompiledPattern): void {
    const group = this.#groups.get(matcher.key);
    if (group === undefined || --group.awake > 0) return;
    this.#awake--;
    this.#indexOf(group).delete(group.matcher.compiled.literals, group);
  }

  /**
   * Calls back with the cohorts of each pattern that selects the topic.
   *
   * @param known - Result of {@link searching}, which saves the search.
   */
  find(topic: string, take: (cohort: Cohort) => void, known: KnownTopic | undefined = this.#known.get(topic)): void {
    if (this.#awake === 0) return;
    for (const { awake, cohorts } of this.#groupsFor(topic, known)) {
      if (awake > 0) for (const cohort of cohorts) take(cohort);
    }
  }

  /** The known matches of a topic, if no pattern is left to test. */
  known(topic: string): KnownTopic | undefined {
    const known = this.#known.get(topic);
    return known?.upTo === this.#now ? known : undefined;
  }

  /** Tests a topic on the patterns. Yields when others may have their turn. */
  *searching(topic: string): Generator<undefined, KnownTopic> {
    for (;;) {
      // Patterns that awake meanwhile are changes after this one.
      const upTo = this.#now;
      const groups = yield* this.#search(topic);
      // Meanwhile, changes may have been forgotten that came after `upTo`.
      if (upTo < this.#firstChange) continue;
      const known = { groups, upTo };
      this.#known.set(topic, known);
      return known;
    }
  }

  get #now(): number {
    return this.#firstChange + this.#changes.length;
  }

  #groupsFor(topic: string, known: KnownTopic | undefined): readonly PatternGroup[] {
    const now = this.#now;
    if (known?.upTo === now) return known.groups;
    const isUsable = known !== undefined && known.upTo >= this.#firstChange;
    const groups = finish(isUsable ? this.#bringUpToDate(topic, known) : this.#search(topic));
    this.#known.set(topic, { groups, upTo: now });
    return groups;
  }

  *#search(topic: string): Generator<undefined, readonly PatternGroup[]> {
    const known = this.#known.get(topic);
    if (known !== undefined && known.upTo >= this.#firstChange) return yield* this.#bringUpToDate(topic, known);
    const groups: PatternGroup[] = [];
    const { url } = this.#parser.parse(topic);
    let tested = 0;
    for (const candidates of [url === undefined ? [] : this.#byLocation.candidates(locationOf(url)), this.#byTopic.candidates(topic)]) {
      for (const group of candidates) {
        if (this.#selects(group, topic)) groups.push(group);
        if (++tested % STEP === 0) yield;
      }
    }
    yield;
    return groups;
  }

  *#bringUpToDate(topic: string, { groups, upTo }: KnownTopic): Generator<undefined, readonly PatternGroup[]> {
    const kept = groups.filter(({ awake }) => awake > 0);
    const seen = new Set(kept);
    let tested = 0;
    // The list may be replaced meanwhile. Then the search begins again.
    const changes = this.#changes;
    for (let i = upTo - this.#firstChange; i < changes.length; i++) {
      const group = changes[i] as PatternGroup;
      if (group.awake === 0 || seen.has(group)) continue;
      if (this.#selects(group, topic)) {
        seen.add(group);
        kept.push(group);
      }
      if (++tested % STEP === 0) yield;
    }
    return kept;
  }

  #selects({ matcher }: PatternGroup, topic: string): boolean {
    return selectsTopic(matcher, topic, this.#parser);
  }

  #indexOf({ matcher }: PatternGroup): LiteralIndex<PatternGroup> {
    return matcher.kind === "urlpattern" ? this.#byLocation : this.#byTopic;
  }
}

function finish<T>(work: Generator<undefined, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
