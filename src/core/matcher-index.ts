import type { Cohort } from "./cohort.ts";
import type { JournalRecord } from "./journal.ts";
import { type CompiledPattern, selectsTopic } from "./matcher.ts";
import { Recent } from "./recent.ts";
import type { TopicParser } from "./topic.ts";

/** Topics whose patterns are remembered, in each of two generations. */
const CACHED_TOPICS = 8192;

interface PatternGroup {
  readonly matcher: CompiledPattern;
  readonly cohorts: Set<Cohort>;
}

/**
 * Finds the cohorts that an update goes to: by hash for exact topics, once for each distinct pattern, and
 * which patterns select a topic is remembered until a pattern comes or goes.
 */
export class MatcherIndex {
  readonly #parser: TopicParser;
  readonly #all = new Set<Cohort>();
  readonly #exact = new Map<string, Set<Cohort>>();
  readonly #patterns = new Map<string, PatternGroup>();
  readonly #groupsByTopic = new Recent<readonly PatternGroup[]>(CACHED_TOPICS);

  constructor(parser: TopicParser) {
    this.#parser = parser;
  }

  add(cohort: Cohort): void {
    for (const matcher of cohort.selection.matchers) {
      if (matcher.kind === "all") this.#all.add(cohort);
      else if (matcher.kind === "exact") {
        const cohorts = this.#exact.get(matcher.matcher.pattern);
        if (cohorts === undefined) this.#exact.set(matcher.matcher.pattern, new Set([cohort]));
        else cohorts.add(cohort);
      } else {
        const group = this.#patterns.get(matcher.key);
        if (group === undefined) {
          this.#patterns.set(matcher.key, { matcher, cohorts: new Set([cohort]) });
          this.#groupsByTopic.clear();
        } else group.cohorts.add(cohort);
      }
    }
  }

  remove(cohort: Cohort): void {
    for (const matcher of cohort.selection.matchers) {
      if (matcher.kind === "all") this.#all.delete(cohort);
      else if (matcher.kind === "exact") {
        const cohorts = this.#exact.get(matcher.matcher.pattern);
        cohorts?.delete(cohort);
        if (cohorts?.size === 0) this.#exact.delete(matcher.matcher.pattern);
      } else {
        const group = this.#patterns.get(matcher.key);
        group?.cohorts.delete(cohort);
        if (group?.cohorts.size === 0) {
          this.#patterns.delete(matcher.key);
          this.#groupsByTopic.clear();
        }
      }
    }
  }

  /** Adds the record to the run of each cohort that is to receive it, and each such cohort to `touched`, once. */
  collect(record: JournalRecord, touched: Cohort[]): void {
    for (const cohort of this.#all) add(cohort, record, touched);
    for (const topic of record.topics) {
      const cohorts = this.#exact.get(topic);
      if (cohorts !== undefined) for (const cohort of cohorts) add(cohort, record, touched);
      if (this.#patterns.size > 0) {
        for (const group of this.#groupsFor(topic)) for (const cohort of group.cohorts) add(cohort, record, touched);
      }
    }
  }

  #groupsFor(topic: string): readonly PatternGroup[] {
    const cached = this.#groupsByTopic.get(topic);
    if (cached !== undefined) return cached;
    const groups = [...this.#patterns.values()].filter((group) => selectsTopic(group.matcher, topic, this.#parser));
    this.#groupsByTopic.set(topic, groups);
    return groups;
  }
}

function add(cohort: Cohort, record: JournalRecord, touched: Cohort[]): void {
  const { run, paced } = cohort;
  // A cohort is reached once for each of its matchers that matches; the record is sent once.
  if (run.at(-1) === record || cohort.members.length === 0 || !cohort.selection.mayRead(record)) return;
  if (paced !== undefined) {
    if (paced.take(record)) touched.push(cohort);
    return;
  }
  if (run.length === 0) touched.push(cohort);
  run.push(record);
}
