import type { Cohort } from "./cohort.ts";
import { type CompiledPattern, selectsTopic } from "./matcher.ts";
import { PrefixBuckets } from "./prefix-buckets.ts";
import { Recent } from "./recent.ts";
import type { TopicParser } from "./topic.ts";

/** Most cost of the topics that are remembered, in each of two generations: one a pattern that selects it, and some for the topic. */
const REMEMBERED_COST = 256 * 1024;
const TOPIC_COST = 32;
/** Characters of a topic that cost as much as a pattern that selects it. */
const CHARACTERS_A_COST = 8;
/** Most changes that are kept beside as many as there are patterns. */
const KEPT_CHANGES = 1024;

/** The cohorts of one pattern. */
interface PatternGroup {
  readonly matcher: CompiledPattern;
  readonly cohorts: Set<Cohort>;
  /** How many of them have subscribers. Without any, the pattern is not tested. */
  awake: number;
}

/** What is known of a topic. */
interface KnownTopic {
  readonly groups: readonly PatternGroup[];
  /** Changes up to here were looked at. */
  readonly upTo: number;
}

/**
 * Finds the cohorts whose patterns select a topic. A topic that was never seen is compared only with the patterns that start as it does. What was
 * found is remembered. After that, only patterns that came since are tested on it, so that those who come and go do not make known topics new.
 */
export class PatternIndex {
  readonly #parser: TopicParser;
  readonly #groups = new Map<string, PatternGroup>();
  /** Awake URL patterns, by the start of the paths that they select; and awake URI templates, by that of the topics. */
  readonly #byPath = new PrefixBuckets<PatternGroup>();
  readonly #byTopic = new PrefixBuckets<PatternGroup>();
  readonly #known = new Recent<KnownTopic>(
    REMEMBERED_COST,
    (topic, { groups }) => TOPIC_COST + topic.length / CHARACTERS_A_COST + groups.length,
  );
  /** Patterns in the order in which they awoke; the first one is change number `#firstChange`. */
  #changes: PatternGroup[] = [];
  #firstChange = 0;
  #awake = 0;

  constructor(parser: TopicParser) {
    this.#parser = parser;
  }

  /** How many distinct patterns are tested. */
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
    this.#bucketsOf(group).add(group.matcher.compiled.prefix, group);
    this.#changes.push(group);
    if (this.#changes.length <= KEPT_CHANGES + this.#awake) return;
    // By now, a topic that was known before is as soon compared with all.
    this.#firstChange += this.#changes.length;
    this.#changes = [];
    this.#known.clear();
  }

  /** A cohort of the pattern has lost its last subscriber. */
  rest(matcher: CompiledPattern): void {
    const group = this.#groups.get(matcher.key);
    if (group === undefined || --group.awake > 0) return;
    this.#awake--;
    this.#bucketsOf(group).delete(group.matcher.compiled.prefix, group);
  }

  /** Calls back with the cohorts of each pattern that selects the topic. */
  find(topic: string, take: (cohort: Cohort) => void): void {
    if (this.#awake === 0) return;
    for (const { awake, cohorts } of this.#groupsFor(topic)) {
      if (awake > 0) for (const cohort of cohorts) take(cohort);
    }
  }

  /**
   * Tests a topic on the patterns, so that {@link find} only has to remember.
   *
   * @returns Whether there was something to test.
   */
  prepare(topic: string): boolean {
    if (this.#awake === 0 || this.#known.get(topic)?.upTo === this.#now) return false;
    this.#groupsFor(topic);
    return true;
  }

  get #now(): number {
    return this.#firstChange + this.#changes.length;
  }

  #groupsFor(topic: string): readonly PatternGroup[] {
    const now = this.#now;
    const known = this.#known.get(topic);
    if (known?.upTo === now) return known.groups;
    const groups = known === undefined ? this.#search(topic) : this.#bringUpToDate(topic, known);
    this.#known.set(topic, { groups, upTo: now });
    return groups;
  }

  #search(topic: string): readonly PatternGroup[] {
    const groups: PatternGroup[] = [];
    const { url } = this.#parser.parse(topic);
    if (url !== undefined) {
      for (const group of this.#byPath.candidates(url.pathname)) if (this.#selects(group, topic)) groups.push(group);
    }
    for (const group of this.#byTopic.candidates(topic)) if (this.#selects(group, topic)) groups.push(group);
    return groups;
  }

  #bringUpToDate(topic: string, { groups, upTo }: KnownTopic): readonly PatternGroup[] {
    const kept = groups.filter(({ awake }) => awake > 0);
    const seen = new Set(kept);
    for (let i = upTo - this.#firstChange; i < this.#changes.length; i++) {
      const group = this.#changes[i] as PatternGroup;
      if (group.awake === 0 || seen.has(group) || !this.#selects(group, topic)) continue;
      seen.add(group);
      kept.push(group);
    }
    return kept;
  }

  #selects({ matcher }: PatternGroup, topic: string): boolean {
    return selectsTopic(matcher, topic, this.#parser);
  }

  #bucketsOf({ matcher }: PatternGroup): PrefixBuckets<PatternGroup> {
    return matcher.kind === "urlpattern" ? this.#byPath : this.#byTopic;
  }
}
